/** Finds commands that name a rule or lift which does not exist: that is said before the athlete's state is looked at. */
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import { liftIdsOf } from './load-group.ts';
import type { TriggerCommand } from './trigger-command.ts';

/** PROGRESSION_NOT_FOUND or LIFT_NOT_FOUND by command; a deleted rule does not exist. */
export async function findAbsent(
  tx: Transaction,
  commands: readonly TriggerCommand[],
): Promise<ReadonlyMap<TriggerCommand, DomainError>> {
  const absent = new Map<TriggerCommand, DomainError>();
  if (commands.length === 0) {
    return absent;
  }
  const rules = commands.flatMap(({ detail }) => (detail.type === 'MANUAL' ? [detail.progressionId] : []));
  const lifts = commands.flatMap(namedLifts);
  const { rows } = await sql<{ id: string }>`
    select id from progressions
    where account_id = ${tx.accountId} and id = any(${rules}::uuid[]) and deleted_at is null
    union all
    select id from lifts where account_id = ${tx.accountId} and id = any(${lifts}::uuid[])`.execute(tx.sql);
  const known = new Set(rows.map(({ id }) => id));
  for (const command of commands) {
    const { detail } = command;
    if (detail.type === 'MANUAL' && !known.has(detail.progressionId)) {
      const { progressionId } = detail;
      const message = `progression ${progressionId} does not exist`;
      absent.set(command, new DomainError('PROGRESSION_NOT_FOUND', message, { metadata: { progressionId } }));
      continue;
    }
    const liftId = namedLifts(command).find((id) => !known.has(id));
    if (liftId) {
      const message = `lift ${liftId} does not exist`;
      absent.set(command, new DomainError('LIFT_NOT_FOUND', message, { metadata: { liftId } }));
    }
  }
  return absent;
}

function namedLifts({ detail }: TriggerCommand): readonly string[] {
  return detail.type === 'MANUAL' ? (detail.liftId === null ? [] : [detail.liftId]) : liftIdsOf(detail);
}
