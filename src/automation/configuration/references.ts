/** Checks the references of workflows to live programs, lifts and rules. */
import { sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import type { Config } from '../../config/config.ts';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { everyAction } from '../actions/tree/every-action.ts';
import { readSecrets } from '../secrets/read-secrets.ts';
import { secretNamesOf } from '../secrets/secret-names.ts';

/** The referenced ids that exist, and the secrets. */
export interface References {
  readonly programs: ReadonlySet<string>;
  readonly lifts: ReadonlySet<string>;
  readonly progressions: ReadonlySet<string>;
  /** Values by name; without those that no key of the server decrypts. */
  readonly secrets: ReadonlyMap<string, string>;
}

type ReferencedTable = 'programs' | 'lifts' | 'progressions';

/** One query for each kind that the actions name. */
export async function loadReferences(
  tx: Transaction,
  actions: readonly Action[],
  { secretKeys, limits }: Pick<Config, 'secretKeys' | 'limits'>,
): Promise<References> {
  const named = namedBy(actions);
  return {
    programs: await existing(tx, 'programs', named.programs),
    lifts: await existing(tx, 'lifts', named.lifts),
    progressions: await existing(tx, 'progressions', named.progressions),
    secrets: await readSecrets(
      tx,
      everyAction(actions).flatMap(({ action }) => secretNamesOf(action, limits)),
      secretKeys,
    ),
  };
}

function namedBy(actions: readonly Action[]): Record<ReferencedTable, string[]> {
  const named: Record<ReferencedTable, string[]> = { programs: [], lifts: [], progressions: [] };
  for (const {
    action: { action },
  } of everyAction(actions)) {
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
  table: ReferencedTable,
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
