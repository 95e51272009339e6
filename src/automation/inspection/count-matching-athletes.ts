/** Counts in PostgreSQL the athletes that a filter matches at an instant. */
import { sql } from 'kysely';
import type { FieldCatalogue, FilterGroup } from '../../filters/filter.ts';
import { filterToSql } from '../../filters/filter-to-sql.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import { firstTimeZone } from '../../values/zoned.ts';
import { athleteDocumentSql } from '../event-types/athlete-document.ts';

export interface MatchingAthletes {
  readonly count: number;
  /** The first matching athletes by id. */
  readonly samples: readonly { readonly userId: string; readonly name: string }[];
  /** Paths of conditions that need an event; they count as met. */
  readonly undecidedPaths: readonly string[];
}

/** Counts athletes who are not deleted, and with `onlyOptedIn` not opted out. Throws FilterUnreadable. */
export async function countMatchingAthletes(
  tx: Transaction,
  filter: FilterGroup,
  catalogue: FieldCatalogue,
  {
    now,
    samples,
    onlyOptedIn = false,
  }: { readonly now: Instant; readonly samples: number; readonly onlyOptedIn?: boolean },
): Promise<MatchingAthletes> {
  const { accountId, sql: db } = tx;
  const { timeZone, zones } = await readZones(tx);
  const moment = { now, timeZone, zones };
  const { predicate, undecidedPaths, fields } = filterToSql(filter, catalogue, sql.ref('a.document'), moment);
  const { rows } = await sql<{ count: number; samples: { id: string; name: string }[] }>`
    with matching as materialized (
      select a.id, a.document ->> 'name' as name
      from (
        select id, ${athleteDocumentSql('users', { fields, now })} as document from users
        where account_id = ${accountId} and deleted_at is null and (${!onlyOptedIn} or opted_out_at is null)
        offset 0
      ) a
      where ${predicate}
    )
    select (select count(*)::int from matching) as count,
      (select coalesce(json_agg(s), '[]') from (select id, name from matching order by id limit ${samples}) s)
        as samples`.execute(db);
  const [row] = rows;
  return {
    count: row?.count ?? 0,
    samples: (row?.samples ?? []).map(({ id, name }) => ({ userId: id, name })),
    undecidedPaths,
  };
}

/** The account's time zone, and the time zones of its athletes. */
async function readZones({ accountId, sql: db }: Transaction) {
  const { rows } = await sql<{ time_zone: string; zones: string[] }>`
    select a.time_zone, array(
      select distinct u.time_zone from users u
      where u.account_id = a.id and u.deleted_at is null and u.time_zone is not null
    ) as zones
    from accounts a where a.id = ${accountId}`.execute(db);
  return { timeZone: firstTimeZone(rows[0]?.time_zone), zones: rows[0]?.zones ?? [] };
}
