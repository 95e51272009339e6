/** The SQL predicate of a filter: parameters, undecided conditions, and examples. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import { describe, expect, test } from 'vitest';
import { compileFilter } from '../../src/filters/compile-filter.ts';
import { type FilterGroup, FilterUnreadable, type JsonValue } from '../../src/filters/filter.ts';

import { filterToSql } from '../../src/filters/filter-to-sql.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { describeScenario, MISSING, SCENARIOS, USUAL } from './condition-scenarios.ts';
import { and, CATALOGUE, condition, input, NOW, not, or } from './field-fixtures.ts';

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

function write(filter: FilterGroup, zones: readonly string[] = []) {
  const context = { now: NOW, timeZone: 'UTC', zones };
  const { predicate, undecidedPaths } = filterToSql(filter, CATALOGUE, sql.ref('document'), context);
  const { sql: text, parameters } = predicate.compile(compiler);
  return { text, parameters, undecidedPaths };
}

const athlete = condition('custom.string', 'equals', 'a');
const event = condition('event_string', 'equals', 'a');

test('an empty filter is the predicate true', () => {
  expect(write(and())).toEqual({ text: 'true', parameters: [], undecidedPaths: [] });
});

test('the values of a filter are parameters, not part of the statement’s text', () => {
  const hostile = "x'); drop table users; --";

  const { text, parameters } = write(
    and(
      condition('custom.string', 'equals', hostile),
      condition('custom.string', 'contains', hostile),
      condition('custom.string', 'ends_with_ignore_case', hostile),
      condition('custom.list', 'contains_any', [hostile]),
      condition('custom.date', 'on', '2026-11-26'),
      condition('custom.decimal', 'between', ['17.25', '18.75']),
    ),
    [hostile],
  );

  expect(text).not.toMatch(/drop|2026|17\.25|18\.75|attributes/);
  expect(parameters).toContain(hostile);
});

test('an unreadable filter throws FilterUnreadable', () => {
  expect(() => write(and(condition('gone', 'exists')))).toThrow(FilterUnreadable);
});

describe('an undecided condition counts as the value that matches more athletes:', () => {
  const [met, unmet] = [true, false];
  test.each<[string, FilterGroup, readonly boolean[]]>([
    ['a condition', and(event), [met]],
    ['a negated group', not(and(event)), [unmet]],
    ['a doubly negated group', not(and(not(and(event)))), [met]],
    ['a negative operator', and(condition('event_string', 'not_equals', 'a')), [met]],
    ['a negated nested group', and(not(or(event, event)), event), [met, unmet, unmet]],
    ['a change', and(condition('event_int', 'changed')), [met]],
    ['an answer', and(condition('answers.a_int', 'exists')), [met]],
  ])('%s', (_name, filter, values) => {
    const { parameters, undecidedPaths } = write(filter);

    expect(parameters).toEqual(values);
    expect(undecidedPaths).toHaveLength(values.length);
  });

  test('only undecided paths are returned', () => {
    expect(write(or(athlete, event, and(athlete, event))).undecidedPaths).toEqual([
      'filter.conditions[1]',
      'filter.groups[0].conditions[1]',
    ]);
  });
});

describe('with many time zones', () => {
  const month = and(condition('custom.timestamp', 'month_is', 11));
  const zones = Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC');

  test('months of instants are decided for up to 24 time zones', () => {
    expect(write(month, zones.slice(0, 23)).undecidedPaths).toEqual([]);
    expect(write(month, zones.slice(0, 24)).undecidedPaths).toEqual(['filter.conditions[0]']);
  });

  test('other conditions are decided for any number of time zones', () => {
    const days = and(
      condition('custom.timestamp', 'on', '2026-11-26'),
      condition('custom.date', 'month_is', 11),
    );

    expect(write(days, zones).undecidedPaths).toEqual([]);
  });
});

describe('PostgreSQL and the evaluator agree', () => {
  const fixture = useTestDatabase({ preparedStatements: false });

  async function readVerdict(
    filter: FilterGroup,
    athlete: string,
    { occurredAt, timeZone } = USUAL,
  ): Promise<boolean> {
    const document = sql`${athlete}::jsonb`;
    const { predicate } = filterToSql(filter, CATALOGUE, document, { now: occurredAt, timeZone, zones: [] });
    const { rows } = await fixture.database.transaction('', (tx) =>
      sql<{ verdict: boolean }>`select ${predicate} as verdict`.execute(tx.sql),
    );
    return rows[0]?.verdict === true;
  }

  describe.each(SCENARIOS)('a condition on a $type field $about:', ({ type, parts, rows }) => {
    test.each(rows.map((row) => [describeScenario(row), ...row] as const))(
      '%s',
      async (_name, operator, constant, value, verdict) => {
        const attributes = value === MISSING ? {} : { [type]: value };

        const athlete = JSON.stringify({ attributes });

        expect(await readVerdict(and(condition(`custom.${type}`, operator, constant)), athlete, parts)).toBe(
          verdict,
        );
      },
    );
  });

  // JavaScript reads numbers in these forms but does not write them.
  test.each<[string, string, string, JsonValue | undefined, boolean]>([
    ['list', '[5.0]', 'contains', 5, true],
    ['list', '[100.00, 0.50]', 'contains_all', ['100', 0.5], true],
    ['list', '[12345678901234567890]', 'contains', '12345678901234567000', true],
    ['decimal', '5.00', 'equals', '5', true],
    ['decimal', '12345678901234567890', 'equals', '12345678901234567890', false],
    ['decimal', '12345678901234567890', 'equals', '12345678901234567000', true],
    ['decimal', '0.1000000000000000055511151231257827', 'equals', 0.1, true],
    ['decimal', '-0.0', 'equals', 0, true],
    ['decimal', '1e400', 'exists', undefined, false],
    ['decimal', '-1e5000', 'exists', undefined, false],
    ['decimal', '1e-400', 'equals', 0, true],
    ['decimal', '1e-320', 'exists', undefined, false],
  ])('%s %s %s %j: %s', async (type, value, operator, constant, verdict) => {
    const athlete = `{"attributes": {"${type}": ${value}}}`;
    const filter = and(condition(`custom.${type}`, operator, constant));

    expect(compileFilter(filter, CATALOGUE).matches(input({ athlete: JSON.parse(athlete) }))).toBe(verdict);
    expect(await readVerdict(filter, athlete)).toBe(verdict);
  });

  test.each([
    '[]',
    '5',
    'null',
    '"name"',
    '{"attributes": []}',
    '{"attributes": "string"}',
    '{"attributes": [{"string": "a"}]}',
  ])('that a document %s has no attributes', async (athlete) => {
    expect(await readVerdict(and(condition('custom.string', 'exists')), athlete)).toBe(false);
    expect(await readVerdict(and(condition('custom.string', 'not_equals', 'a')), athlete)).toBe(true);
  });
});
