/** The evaluator and the SQL predicate give the same verdict for random filters and documents. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { compileFilter } from '../../src/filters/compile-filter.ts';
import type { FilterGroup, FilterInput, JsonObject, JsonValue } from '../../src/filters/filter.ts';
import { filterToSql } from '../../src/filters/filter-to-sql.ts';
import { instantToText } from '../../src/values/instant.ts';
import { firstTimeZone, offsetChangesIn } from '../../src/values/zoned.ts';
import { useTestDatabase } from '../support/test-database.ts';
import {
  ATHLETE_FIELDS,
  EVENT_FIELDS,
  randomAthlete,
  randomEvent,
  randomFilter,
  ZONES,
} from './arbitrary-filter.ts';
import { and, CATALOGUE, condition, input, NOW } from './field-fixtures.ts';

const FILTERS = 2_000;
const ROWS = 300;
const ACCOUNT_ZONE = 'America/New_York';
const SEED = Number(process.env.FILTER_SEED || Date.now() % 1_000_000_000);

/** Numbers that jsonb stores and JavaScript cannot, or not in the same form. */
const NUMBERS_AS_TEXT = [
  '5.0',
  '100.00',
  '12345678901234567890',
  '0.1000000000000000055511151231257827',
  '1e400',
  '-1e400',
  '1e-400',
  '3e-324',
  '2.4703282292062327e-324',
  '1e-320',
  '1e5000',
  `1${'0'.repeat(99)}.5`,
  '9.9999999999999999999e99',
];

const fixture = useTestDatabase({ preparedStatements: false });
const inputs: FilterInput[] = [];

beforeAll(async () => {
  const documents = fc
    .sample(randomAthlete, { seed: SEED, numRuns: ROWS })
    .map((each) => JSON.stringify(each));
  const written = NUMBERS_AS_TEXT.map(
    (n) => `{"tags": [${n}], "attributes": {"int": ${n}, "decimal": ${n}, "list": ["a", ${n}]}}`,
  );
  const events = fc.sample(fc.tuple(randomEvent, randomEvent), { seed: SEED, numRuns: ROWS });
  await run('create table documents (position integer, document jsonb)');
  await run('grant select on documents to public');
  for (const [position, document] of [...written, ...documents].slice(0, ROWS).entries()) {
    const quoted = document.replaceAll("'", "''");
    // The evaluator reads the stored document as the driver returns it.
    const stored = await run(
      `insert into documents values (${position}, '${quoted}') returning document::text as document`,
    );
    const [event, previous] = events[position] ?? [{}, {}];
    inputs.push(toInput(JSON.parse(`${stored[0]?.document}`), event, previous));
  }
}, 60_000);

function run(statement: string): Promise<{ document?: string }[]> {
  return fixture.database.orm.em.getConnection().execute(statement);
}

function toInput(athlete: JsonObject, event: JsonValue, previous: JsonValue): FilterInput {
  const zone = typeof athlete.time_zone === 'string' ? athlete.time_zone : null;
  return input({ athlete, event, previous, timeZone: firstTimeZone(zone, ACCOUNT_ZONE) });
}

async function matchedBySql(
  filter: FilterGroup,
): Promise<{ matched: boolean[]; undecided: readonly string[] }> {
  const { predicate, undecidedPaths } = filterToSql(filter, CATALOGUE, sql.ref('document'), {
    now: NOW,
    timeZone: ACCOUNT_ZONE,
    zones: ZONES,
  });
  const { rows } = await fixture.database.transaction('', (tx) =>
    sql<{ matched: boolean }>`select ${predicate} as matched from documents order by position`.execute(
      tx.sql,
    ),
  );
  return { matched: rows.map(({ matched }) => matched), undecided: undecidedPaths };
}

test(`${FILTERS} random filters on ${ROWS} athletes: PostgreSQL and the evaluator agree (FILTER_SEED=${SEED})`, {
  timeout: 300_000,
}, async () => {
  const verdicts = { true: 0, false: 0 };
  await fc.assert(
    fc.asyncProperty(randomFilter({ fields: ATHLETE_FIELDS }), async (filter) => {
      const { matches } = compileFilter(filter, CATALOGUE);

      const { matched, undecided } = await matchedBySql(filter);

      expect(undecided).toEqual([]);
      for (const [index, each] of inputs.entries()) {
        const verdict = matches(each);
        verdicts[`${verdict}`]++;
        if (matched[index] !== verdict) {
          expect.fail(
            `SQL says ${matched[index]}, the evaluator ${verdict}, of ${JSON.stringify(each.athlete)}`,
          );
        }
      }
    }),
    { numRuns: FILTERS, seed: SEED },
  );
  // Both verdicts occur often.
  expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan((FILTERS * ROWS) / 10);
});

test(`with conditions on the event the SQL predicate is true for every matching athlete (FILTER_SEED=${SEED})`, {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(randomFilter({ fields: [...ATHLETE_FIELDS, ...EVENT_FIELDS] }), async (filter) => {
      const { matches, explain } = compileFilter(filter, CATALOGUE);

      const { matched, undecided } = await matchedBySql(filter);

      const paths = explain(input()).filter(({ field }) => /^(event_|answers\.)/.test(field));
      expect(undecided).toEqual(paths.map(({ path }) => path));
      const left = inputs.filter((each, index) => matches(each) && !matched[index]);
      expect(left).toEqual([]);
    }),
    { numRuns: FILTERS / 10, seed: SEED },
  );
});

test(`around every offset change PostgreSQL and the evaluator compute the same dates (FILTER_SEED=${SEED})`, {
  timeout: 120_000,
}, async () => {
  const zones = fc.sample(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), {
    seed: SEED,
    numRuns: 23,
  });
  const moments = zones.flatMap((zone) =>
    offsetChangesIn(zone).flatMap(({ from }) =>
      [-86_400, -3_601, -1, 0, 3_599, 43_200].map((distance) => ({ zone, seconds: from + distance })),
    ),
  );
  const athletes = fc
    .sample(fc.constantFrom(...moments), { seed: SEED, numRuns: 1_500 })
    .map(({ zone, seconds }) => ({
      time_zone: zone,
      attributes: { timestamp: instantToText(BigInt(seconds) * 1_000_000n) },
    }));
  const days = [1, 2, 3, 4, 5, 6, 7].map((day) => condition('custom.timestamp', 'weekday_is', day));
  const months = [1, 3, 4, 9, 10, 11].map((month) => condition('custom.timestamp', 'month_is', month));
  const dates = fc.sample(fc.constantFrom(...athletes), { seed: SEED, numRuns: 6 }).flatMap((athlete) => {
    const date = athlete.attributes.timestamp.slice(0, 10);
    return ['before', 'on', 'after'].map((operator) => condition('custom.timestamp', operator, date));
  });
  for (const each of [...days, ...months, ...dates]) {
    const { matches } = compileFilter(and(each), CATALOGUE);
    const { predicate } = filterToSql(and(each), CATALOGUE, sql.ref('document'), {
      now: NOW,
      timeZone: 'UTC',
      zones,
    });

    const { rows } = await fixture.database.transaction('', (tx) =>
      sql<{ matched: boolean }>`select ${predicate} as matched
        from jsonb_array_elements(${JSON.stringify(athletes)}::jsonb) with ordinality as given (document, position)
        order by position`.execute(tx.sql),
    );

    const verdicts = athletes.map((athlete) => matches(input({ athlete, timeZone: athlete.time_zone })));
    expect(rows.map(({ matched }) => matched)).toEqual(verdicts);
  }
});
