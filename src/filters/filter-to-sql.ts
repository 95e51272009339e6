/** The same filter as a predicate of PostgreSQL's over athletes' documents: for previews and for batches. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Instant } from '../values/instant.ts';
import { isDiff } from './condition-comparison.ts';
import { readsAthlete } from './document-fields.ts';
import type { FieldCatalogue, FilterGroup } from './filter.ts';
import { type FilterTree, isGroup, readTree, type TreeCondition } from './filter-tree.ts';
import { createSqlCalendar } from './sql-calendar.ts';
import { comparisonSql } from './sql-comparison.ts';
import { createSqlReadings } from './sql-values.ts';

/** When and where the filter is asked. */
export interface SqlContext {
  /** The present, as far as the filter is concerned. */
  readonly now: Instant;
  /** The zone of athletes whose document names none: the account's, else UTC. */
  readonly timeZone: string;
  /** Every zone that an athlete's document names; an athlete of another zone is taken for one without. */
  readonly zones: readonly string[];
}

export interface SqlFilter {
  /** Never null, and never an error, whatever the document holds. */
  readonly predicate: RawBuilder<SqlBool>;
  /** Conditions that SQL cannot decide; with any of them the predicate holds for more athletes than the filter does. */
  readonly undecidedPaths: readonly string[];
}

/** Zones whose calendars are brought into one statement; each takes some 25 ms the first time. */
const MOST_CALENDARS = 24;

/**
 * Of the athlete alone, the predicate holds exactly where the filter matches. Conditions on the event, among them all
 * changes, are taken for what lets more athletes match, and so are months and weekdays of instants when there are more
 * than 24 zones. `athleteDocument` is an expression of type jsonb. Throws FilterUnreadable.
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
  const verdict = writeTree(readTree(filter, catalogue), true);
  return { predicate: sql`${readings.within(athleteDocument, verdict)}`, undecidedPaths };

  /** `isWanted`: the whole is the more often true, the more often this tree is. */
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
    const outcome = comparisonSql(comparison, field, subject);
    return sql`coalesce(${isNegative ? sql`not (${outcome})` : sql`(${outcome})`}, ${whenAbsent}::boolean)`;
  }
}

function needsCalendars({ field, comparison }: TreeCondition, zones: readonly string[]): boolean {
  const isOfCalendar = comparison.kind === 'month' || comparison.kind === 'weekday';
  return isOfCalendar && field.type === 'timestamp' && zones.length > MOST_CALENDARS;
}
