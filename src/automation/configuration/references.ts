/** Checks the references of workflows to live programs, lifts and rules. */
import { sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import type { Transaction } from '../../store/database.ts';

/** The referenced ids that exist. */
export interface References {
  readonly programs: ReadonlySet<string>;
  readonly lifts: ReadonlySet<string>;
  readonly progressions: ReadonlySet<string>;
}

/** One query for each kind that the actions name. */
export async function loadReferences(tx: Transaction, actions: readonly Action[]): Promise<References> {
  const named = namedBy(actions);
  return {
    programs: await existing(tx, 'programs', named.programs),
    lifts: await existing(tx, 'lifts', named.lifts),
    progressions: await existing(tx, 'progressions', named.progressions),
  };
}

function namedBy(actions: readonly Action[]): Record<keyof References, string[]> {
  const named: Record<keyof References, string[]> = { programs: [], lifts: [], progressions: [] };
  for (const { action } of actions) {
    switch (action.case) {
      case 'enrollInProgram':
        named.programs.push(action.value.programId);
        break;
      case 'applyProgression':
        named.progressions.push(action.value.progressionId);
        named.lifts.push(action.value.liftId);
        break;
      case 'setLiftMax':
      case 'scaleLiftMax':
        named.lifts.push(action.value.liftId);
        break;
    }
  }
  return named;
}

async function existing(
  tx: Transaction,
  table: keyof References,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const asked = ids.filter(isUuid);
  if (asked.length === 0) {
    return new Set();
  }
  const { rows } = await sql<{ id: string }>`
    select id from ${sql.table(table)}
    where account_id = ${tx.accountId} and id = any(${asked}::uuid[]) and deleted_at is null`.execute(tx.sql);
  return new Set(rows.map(({ id }) => id));
}
