/** Properties of all filters and inputs. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { compileFilter } from '../../src/filters/compile-filter.ts';
import type { FilterGroup, FilterInput, JsonObject, JsonValue } from '../../src/filters/filter.ts';
import { OPERATORS } from '../../src/filters/filter-operators.ts';
import { readCurrentValue } from '../../src/filters/filter-subject.ts';
import { isRefuted, predictVerdict } from '../../src/filters/refute-filter.ts';
import { toKey } from '../../src/filters/typed-values.ts';
import {
  ATHLETE_FIELDS,
  EVENT_FIELDS,
  randomAthlete,
  randomEvent,
  randomFilter,
  ZONES,
} from './arbitrary-filter.ts';
import { CATALOGUE, input, NOW } from './field-fixtures.ts';

// Thousands of runs are slow when other tests run in parallel.
vi.setConfig({ testTimeout: 120_000 });

const FIELDS = [...ATHLETE_FIELDS, ...EVENT_FIELDS];

const randomInput: fc.Arbitrary<FilterInput> = fc.record({
  event: randomEvent,
  previous: fc.option(randomEvent),
  athlete: randomAthlete,
  occurredAt: fc.constantFrom(NOW, 0n, NOW - 3_600_000_000n),
  timeZone: fc.constantFrom(...ZONES),
});

/** Any JSON value, including lone surrogates and names of JavaScript's own properties. */
const anyJson: fc.Arbitrary<JsonValue> = fc
  .oneof(
    randomAthlete,
    randomEvent,
    fc.jsonValue({ stringUnit: 'binary' }),
    fc.constantFrom('\ud800', '\0', '__proto__', 'constructor'),
  )
  .chain((value) =>
    fc.constantFrom<JsonValue>(
      value as JsonValue,
      [value as JsonValue],
      { ...withEvery(value as JsonValue) },
      { attributes: withEvery(value as JsonValue), answers: withEvery(value as JsonValue) },
      JSON.parse(`{"__proto__": ${JSON.stringify(value)}}`),
    ),
  );

/** An object with the value under every field name. */
function withEvery(value: JsonValue): JsonObject {
  return Object.fromEntries(FIELDS.map(({ name }) => [name.replace(/^(custom|answers)\./, ''), value]));
}

test('no JSON makes an evaluation or an explanation throw', () => {
  fc.assert(
    fc.property(
      randomFilter({ fields: FIELDS }),
      fc.record({
        event: anyJson,
        previous: anyJson,
        athlete: anyJson,
        occurredAt: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        timeZone: fc.oneof(fc.constantFrom(...ZONES), fc.string()),
      }),
      (filter, each) => {
        const { matches, explain } = compileFilter(filter, CATALOGUE);

        expect(typeof matches(each)).toBe('boolean');
        expect(explain(each).every(({ matched }) => typeof matched === 'boolean')).toBe(true);
      },
    ),
    { numRuns: 3_000 },
  );
});

test('deeply nested JSON does not overflow the stack of an evaluation', () => {
  const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  const { matches } = compileFilter(
    { logic: 'OR', not: false, groups: [], conditions: [{ field: 'event_list', operator: 'changed' }] },
    CATALOGUE,
  );

  expect(matches(input({ event: { event_list: deep }, previous: { event_list: [] } }))).toBe(true);
});

test('the verdict of a filter follows from the verdicts of its conditions', () => {
  const seen = new Map<string, Set<boolean>>();
  fc.assert(
    fc.property(
      randomFilter({ fields: FIELDS }),
      fc.array(randomInput, { minLength: 1, maxLength: 4 }),
      (filter, inputs) => {
        const { matches, explain } = compileFilter(filter, CATALOGUE);
        for (const each of inputs) {
          const verdicts = explain(each);

          expect(matches(each)).toBe(
            computeVerdict(filter, verdicts.map(({ matched }) => matched)[Symbol.iterator]()),
          );
          for (const { operator, matched } of verdicts) {
            seen.set(operator, (seen.get(operator) ?? new Set()).add(matched));
          }
        }
      },
    ),
    { numRuns: 2_000 },
  );
  // Every operator was true and false at least once.
  expect([...seen.keys()].toSorted()).toEqual(Object.keys(OPERATORS).toSorted());
  expect([...seen].filter(([, verdicts]) => verdicts.size < 2)).toEqual([]);
});

/** Computes the filter's verdict from the conditions' verdicts in the order of the filter. */
function computeVerdict(
  { logic, not, conditions, groups }: FilterGroup,
  verdicts: Iterator<boolean>,
): boolean {
  const own = [
    ...conditions.map(() => verdicts.next().value === true),
    ...groups.map((group) => computeVerdict(group, verdicts)),
  ];
  return (logic === 'AND' ? !own.includes(false) : own.includes(true)) !== not;
}

test('a negative operator is the exact negation of its positive operator', () => {
  const negative = Object.entries(OPERATORS).flatMap(([name, { negates }]) =>
    negates ? [[name, negates]] : [],
  );
  expect(negative).toEqual([
    ['not_equals', 'equals'],
    ['not_in', 'in'],
    ['is_empty', 'is_not_empty'],
  ]);
  fc.assert(
    fc.property(
      randomFilter({ fields: FIELDS, depth: 0 }),
      randomInput,
      fc.constantFrom(...negative),
      (filter, each, [name, twin]) => {
        const bare = filter.conditions.map(({ if_absent: _, ...rest }) => rest);
        const ofTwins = bare.filter(({ operator }) => operator === twin);
        for (const condition of ofTwins) {
          const matchesWith = (operator: string) =>
            compileFilter(
              { ...filter, not: false, conditions: [{ ...condition, operator }] },
              CATALOGUE,
            ).matches(each);

          expect(matchesWith(`${name}`)).toBe(!matchesWith(`${twin}`));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a matching input satisfies the necessary equalities', () => {
  const seen = { met: 0, missed: 0 };
  // Fields with few values, so that filters match and alternatives share values.
  const fields = EVENT_FIELDS.filter(({ name }) =>
    ['event_bool', 'event_id', 'answers.a_bool'].includes(name),
  );
  const filters = randomFilter({ fields, operators: ['equals', 'not_equals', 'in', 'not_in'], depth: 2 });
  fc.assert(
    fc.property(filters, fc.array(randomInput, { minLength: 5, maxLength: 5 }), (filter, inputs) => {
      const { matches, necessaryEqualities } = compileFilter(filter, CATALOGUE);
      for (const each of necessaryEqualities.length === 0 ? [] : inputs) {
        const isMet = necessaryEqualities.every(({ field, keys }) => {
          const key = toKey(field.type, readCurrentValue(field, each));
          return field.scope === 'event' && key !== undefined && keys.has(key);
        });
        seen[isMet ? 'met' : 'missed']++;
        if (matches(each)) {
          expect(isMet).toBe(true);
        }
      }
    }),
    { numRuns: 5_000 },
  );
  // Equalities are found, and they exclude events.
  expect(Math.min(seen.met, seen.missed)).toBeGreaterThan(500);
});

test('a predicted verdict is the verdict on every event with the known fields', () => {
  const predicted = { true: 0, false: 0, undefined: 0 };
  fc.assert(
    fc.property(
      randomFilter({ fields: EVENT_FIELDS, depth: 1 }),
      randomEvent,
      fc.subarray(EVENT_NAMES),
      fc.array(randomInput, { minLength: 5, maxLength: 5 }),
      (filter, event, names, inputs) => {
        const known = Object.fromEntries(names.map((name) => [name, event[name] ?? null]));

        const verdict = predictVerdict(filter, CATALOGUE, known);

        predicted[`${verdict}`]++;
        expect(isRefuted(filter, CATALOGUE, known)).toBe(verdict === false);
        for (const each of verdict === undefined ? [] : inputs) {
          const actual = { ...each, event: { ...(each.event as JsonObject), ...known } };
          expect(compileFilter(filter, CATALOGUE).matches(actual)).toBe(verdict);
        }
      },
    ),
    { numRuns: 5_000 },
  );
  expect(Math.min(...Object.values(predicted))).toBeGreaterThan(500);
});

const EVENT_NAMES = [...new Set(EVENT_FIELDS.map(({ name }) => `${name.split('.')[0]}`))];
