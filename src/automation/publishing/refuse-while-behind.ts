/** Refuses published events while their evaluation is far behind, so that the backlog does not grow for ever. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import { PARTITIONS } from '../../store/lock-partition.ts';

/** EVALUATION_BEHIND when more than `publishBacklog` entries of the account wait to be evaluated. */
export async function refuseWhileBehind(
  { accountId, sql: db }: Transaction,
  { publishBacklog }: Pick<Limits, 'publishBacklog'>,
): Promise<void> {
  // Reads the index of the entries that wait, whose first column is the partition.
  const { rows } = await sql<{ is_behind: boolean }>`
    select exists (
      select from outbox
      where account_id = ${accountId} and partition between 0 and ${PARTITIONS - 1}::smallint and evaluated_at is null
      offset ${publishBacklog} limit 1
    ) as is_behind`.execute(db);
  if (rows[0]?.is_behind) {
    const message = `more than ${publishBacklog} events of the account wait to be evaluated; publish these again later`;
    throw new DomainError('EVALUATION_BEHIND', message, {
      metadata: { publishBacklog: `${publishBacklog}` },
    });
  }
}
