/** Translates a filter into a PostgreSQL predicate over athletes' documents, for previews and backfills. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Instant } from '../values/instant.ts';
import { isDiff } from './condition-comparison.ts';
import type { FieldCatalogue, FilterField, FilterGroup } from './filter.ts';
import { readsAthlete } from './filter-subject.ts';
import { type FilterTree, isGroup, readTree, type TreeCondition } from './filter-tree.ts';
import { createSqlCalendar } from './sql-calendar.ts';
import { comparisonSql } from './sql-comparison.ts';
import { createSqlReadings } from './sql-values.ts';

/** The instant and the time zones for which the filter is evaluated. */
export interface SqlContext {
  /** The instant that the filter treats as the present. */
  readonly now: Instant;
  /** Time zone of athletes whose document names none: the account's, else UTC. */
  readonly timeZone: string;
  /**
   * All time zones that the athletes' documents name; an athlete of another zone is treated as one without.
   */
  readonly zones: readonly string[];
}

export interface SqlFilter {
  /** Evaluates to true or false, never to null or an error, whatever the document contains. */
  readonly predicate: RawBuilder<SqlBool>;
  /**
   * Paths of conditions that SQL cannot decide. If there are any, the predicate matches a superset of the
   * filter.
   */
  readonly undecidedPaths: readonly string[];
  /** The athlete's fields that the predicate reads; the document must contain them. */
  readonly fields: readonly FilterField[];
}

/**
 * Maximum number of time zones whose calendars one statement contains; each costs about 25 ms the first time.
 */
const MOST_CALENDARS = 24;

/**
 * For conditions on the athlete, the predicate matches exactly where the filter does. Conditions on the
 * event, including all changes, count as the value that lets more athletes match; so do months and weekdays
 * of instants when there are more than 24 time zones. `athleteDocument` is an expression of type jsonb.
 * Throws FilterUnreadable.
 *
 * @example
 * const { predicate, undecidedPaths } = filterToSql(filter, catalogue, sql.ref('a.document'), context);
 * await sql`select a.id from athletes a where ${predicate}`.execute(db);
 */
export function filterToSql(
  filter: FilterGroup,
  catalogue: FieldCatalogue,
  athleteDocument: RawBuilder<unknown>,
  { now, timeZone, zones: otherZones }: SqlContext,
): SqlFilter {
  const zones = [...new Set([timeZone, ...otherZones])];
  const readings = createSqlReadings();
  const subject = { readings, calendar: createSqlCalendar(readings, zones, now), now };
  const undecidedPaths: string[] = [];
  const fields = new Set<FilterField>();
  const verdict = writeTree(readTree(filter, catalogue), true);
  return {
    predicate: sql`${readings.within(athleteDocument, verdict)}`,
    undecidedPaths,
    fields: [...fields],
  };

  /** `isWanted` is true where a true subtree makes the whole predicate more often true. */
  function writeTree(tree: FilterTree, isWanted: boolean): RawBuilder<SqlBool> {
    if (!isGroup(tree)) {
      return writeCondition(tree, isWanted);
    }
    const children = tree.children.map((child) => writeTree(child, isWanted !== tree.not));
    const joined = sql.join(children, tree.logic === 'AND' ? sql` and ` : sql` or `);
    const verdict = children.length === 0 ? sql`true` : sql`(${joined})`;
    return tree.not ? sql`(not ${verdict})` : sql<SqlBool>`${verdict}`;
  }

  function writeCondition(condition: TreeCondition, isWanted: boolean): RawBuilder<SqlBool> {
    const { path, field, comparison, isNegative, whenAbsent } = condition;
    if (isDiff(comparison) || !readsAthlete(field) || needsCalendars(condition, zones)) {
      undecidedPaths.push(path);
      return sql`${isWanted}::boolean`;
    }
    fields.add(field);
    const outcome = comparisonSql(comparison, field, subject);
    return sql`coalesce(${isNegative ? sql`not (${outcome})` : sql`(${outcome})`}, ${whenAbsent}::boolean)`;
  }
}

function needsCalendars({ field, comparison }: TreeCondition, zones: readonly string[]): boolean {
  const isOfCalendar = comparison.kind === 'month' || comparison.kind === 'weekday';
  return isOfCalendar && field.type === 'timestamp' && zones.length > MOST_CALENDARS;
}
