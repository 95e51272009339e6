/** Counts in PostgreSQL the athletes that a filter matches at an instant. */
import { type RawBuilder, sql } from 'kysely';
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
  /** The athletes that were looked at. */
  readonly examined: number;
  /** There are further athletes, which were not looked at. */
  readonly hasMore: boolean;
}

export interface CountOptions {
  readonly now: Instant;
  readonly samples: number;
  /** Leaves out athletes who have opted out. */
  readonly onlyOptedIn?: boolean;
  /** Looks at the athletes that were added last, at most so many. Absent: at all. */
  readonly mostExamined?: number;
}

/** Counts athletes who are not deleted. Throws FilterUnreadable. */
export async function countMatchingAthletes(
  tx: Transaction,
  filter: FilterGroup,
  catalogue: FieldCatalogue,
  { now, samples, onlyOptedIn = false, mostExamined }: CountOptions,
): Promise<MatchingAthletes> {
  const athletes = (columns: RawBuilder<unknown>, most: number | undefined) => sql`
    select ${columns} from users
    where account_id = ${tx.accountId} and deleted_at is null and (${!onlyOptedIn} or opted_out_at is null)
    ${most === undefined ? sql`` : sql`order by id desc limit ${most}`}`;
  const further = mostExamined === undefined ? undefined : mostExamined + 1;
  const { timeZone, zones, found } = await readZones(tx, athletes(sql`time_zone`, further));
  const moment = { now, timeZone, zones };
  const { predicate, undecidedPaths, fields } = filterToSql(filter, catalogue, sql.ref('a.document'), moment);
  const document = sql`id, ${athleteDocumentSql('users', { accountId: tx.accountId, fields, now })} as document`;
  const { rows } = await sql<{ count: number; samples: { id: string; name: string }[] }>`
    with matching as materialized (
      select a.id, a.document ->> 'name' as name
      from (select * from (${athletes(document, mostExamined)}) athletes offset 0) a
      where ${predicate}
    )
    select (select count(*)::int from matching) as count,
      (select coalesce(json_agg(s), '[]') from (select id, name from matching order by id limit ${samples}) s)
        as samples`.execute(tx.sql);
  const [row] = rows;
  return {
    count: row?.count ?? 0,
    samples: (row?.samples ?? []).map(({ id, name }) => ({ userId: id, name })),
    undecidedPaths,
    examined: Math.min(found, mostExamined ?? found),
    hasMore: mostExamined !== undefined && found > mostExamined,
  };
}

/** The account's time zone, and of these athletes the time zones and the number. */
async function readZones({ accountId, sql: db }: Transaction, athletes: RawBuilder<unknown>) {
  const { rows } = await sql<{ time_zone: string; zones: string[]; found: number }>`
    with athletes as materialized (${athletes})
    select a.time_zone, array(select distinct time_zone from athletes where time_zone is not null) as zones,
      (select count(*)::int from athletes) as found
    from accounts a where a.id = ${accountId}`.execute(db);
  const [row] = rows;
  return { timeZone: firstTimeZone(row?.time_zone), zones: row?.zones ?? [], found: row?.found ?? 0 };
}
