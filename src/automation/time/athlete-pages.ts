/** Pages through the athletes of an account, in one order. */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';

export interface AthletePage {
  readonly userIds: readonly string[];
  /** The time zones of these athletes. */
  readonly zones: readonly string[];
  /** The start of the next page; undefined on the last one. */
  readonly position: string | undefined;
}

/** Athletes after the position that are not deleted. */
export async function readAthletePage(
  { accountId, sql: db }: Transaction,
  position: string | null,
  limit: number,
): Promise<AthletePage> {
  const { rows } = await sql<{ id: string; time_zone: string | null }>`
    select id, time_zone from users
    where account_id = ${accountId} and deleted_at is null
      and id > coalesce(${position}::uuid, '00000000-0000-0000-0000-000000000000')
    order by id
    limit ${limit}`.execute(db);
  const zones = new Set(rows.map((row) => row.time_zone).filter((zone) => zone !== null));
  return {
    userIds: rows.map(({ id }) => id),
    zones: [...zones],
    position: rows.length < limit ? undefined : rows.at(-1)?.id,
  };
}
