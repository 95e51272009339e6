/** The part `history` of athletes' documents, as one SQL expression for both filter engines. */
import { type RawBuilder, sql } from 'kysely';
import { type FilterField, type HistorySpec, isEmptyGroup, type JsonObject } from '../../filters/filter.ts';
import { filterToSql } from '../../filters/filter-to-sql.ts';
import type { TrainingSubject } from './training-document.ts';

/** Events of the type, the latest ones, that a filter examines. */
const MOST_EXAMINED = 1_000;

type Sql = RawBuilder<unknown>;

/** The athlete, the present, and which events of the log come before it; columns or parameters. */
export interface HistorySubject extends TrainingSubject {
  /** Further conditions on the rows `e` of the log. */
  readonly before?: Sql;
}

/**
 * `{<key>: <number>}` of the fields. Counting ends at the number that the condition needs, and with a filter after the
 * latest 1,000 events of the type.
 */
export function historySql(fields: readonly FilterField[], subject: HistorySubject): RawBuilder<JsonObject> {
  const pairs = fields.flatMap(({ path, history }) =>
    history ? [sql`${path[1]}::text, ${countSql(history, subject)}`] : [],
  );
  return sql`jsonb_build_object(${sql.join(pairs)})`;
}

function countSql(
  { event, span, most, filter, fields }: HistorySpec,
  { accountId, userId, at, before = sql`true` }: HistorySubject,
): Sql {
  const since = sql`${at} - ${`${span} microseconds`}::interval`;
  const events = sql`from events e
    where e.account_id = ${accountId} and e.user_id = ${userId} and e.type = ${event} and e.occurred_at > '-infinity'
      and e.occurred_at > ${since} and e.occurred_at <= ${at} and ${before}`;
  if (isEmptyGroup(filter)) {
    return sql`(select count(*) from (select ${events} limit ${most}) counted)`;
  }
  const { predicate } = filterToSql(filter, fields, sql.ref('examined.data'), {
    ...{ now: 0n, timeZone: 'UTC', zones: [] },
  });
  return sql`(select count(*) from (
    select from (
      select e.data ${events} order by e.occurred_at desc limit ${MOST_EXAMINED}
    ) examined where ${predicate} limit ${most}) counted)`;
}
