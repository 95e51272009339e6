/** Random filters and documents, made of values that are hard to compare. */
import fc from 'fast-check';
import {
  FIELD_TYPES,
  type FieldType,
  type FilterCondition,
  type FilterGroup,
  type JsonObject,
  type JsonValue,
} from '../../src/filters/filter.ts';
import { listOperators, OPERATORS, type OperatorName } from '../../src/filters/filter-operators.ts';
import { condition } from './field-fixtures.ts';

const TEXTS = [
  '',
  ' ',
  'a',
  'A',
  'ab',
  'Ab',
  'aB',
  'abc',
  'true',
  'caf\u00e9',
  'cafe\u0301',
  'CAF\u00c9',
  '\u00c5ngstr\u00f6m',
  '\u212bngstro\u0308m',
  '\u1e69',
  's\u0323\u0307',
  's\u0307\u0323',
  '\ud55c\uae00',
  '\u1112\u1161\u11ab\u1100\u1173\u11af',
  '\u{1f3cb}\ufe0f\u200d\u2642\ufe0f',
  '\u{1f3cb}',
  '\u{1d15e}',
  '\u{1d157}\u{1d165}',
  '\ufb01',
  '\u0130',
  'i\u0307',
  '\u00df',
  'SS',
  "O'Brien",
  '%',
  '_',
  '\\',
  '"',
  '{}',
  '[]',
  'null',
  '$1',
  '\u0301',
  'a\u0301\u0323',
];
const IDS = [
  '01900000-0000-7000-8000-00000000000a',
  '01900000-0000-7000-8000-00000000000A',
  '01900000-0000-7000-8000-00000000000b',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '01900000000070008000000000000000',
  '{01900000-0000-7000-8000-00000000000a}',
];
const NUMBERS = [
  0, -0, 1, -1, 5, 10, 99.5, 100, 102.5, 0.1, 0.2, 0.30000000000000004, 15000, 1e21, 1e22,
  123456789012345680000, 9007199254740992, 9.99e99, 1e100, 1.7976931348623157e308, 1e-7, 1e-100, 1e-101,
  5e-324,
];
const NUMBER_TEXTS = [
  '0',
  '-0',
  '0.0',
  '00',
  '007',
  '5',
  '5.0',
  '5.',
  '.5',
  '+5',
  ' 5',
  '5 ',
  '5\n',
  '1e3',
  '0x10',
  'NaN',
  'Infinity',
  '-Infinity',
  '1,5',
  '15000',
  '9007199254740993',
  '0.1',
  '0.30000000000000004',
  '12345678901234567890',
  '12345678901234567000',
  '0.1000000000000000055511151231257827',
  '0.3',
  '\u0665',
  '9'.repeat(100),
  '9'.repeat(101),
  `0.${'0'.repeat(99)}1`,
  `0.${'0'.repeat(100)}1`,
];
const DATES = [
  '0001-01-01',
  '0000-12-31',
  '1900-02-29',
  '2000-02-29',
  '2023-02-29',
  '2024-02-29',
  '2026-03-29',
  '2026-04-31',
  '2026-11-19',
  '2026-11-25',
  '2026-11-26',
  '2026-11-27',
  '2026-12-03',
  '2011-12-30',
  '2011-12-31',
  '9999-12-31',
  '2026-1-1',
  '2026-11-26 ',
  '20261126',
  '\u0662026-11-26',
];
const TIMESTAMPS = [
  '2026-11-26T08:45:00Z',
  '2026-11-26T08:45:00.000001Z',
  '2026-11-26T09:45:00+01:00',
  '2026-11-26T08:44:59.9999999Z',
  '2026-11-26T08:45:00.0000009Z',
  '2026-11-19T08:45:00Z',
  '2026-11-19T08:44:59.999999Z',
  '2026-11-25T23:00:00Z',
  '2026-11-25T22:59:59.999999Z',
  '2026-11-26T23:00:00Z',
  '2026-11-30T23:30:00Z',
  '2026-12-01T04:59:59Z',
  '2026-11-30T10:00:00Z',
  '2026-11-26T05:00:00Z',
  '2026-11-27T05:00:00Z',
  '2026-03-29T00:59:59Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T00:30:00Z',
  '2026-10-25T01:30:00Z',
  '2011-12-30T09:59:59Z',
  '2011-12-30T10:00:00Z',
  '1969-12-31T23:59:59.999999Z',
  '1970-01-01T00:00:00Z',
  '1970-01-01T04:59:59Z',
  '2099-12-31T23:59:59.999999Z',
  '2100-01-01T00:00:00Z',
  '1850-06-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '0001-01-01T00:00:00+14:00',
  '0001-01-01T12:00:00Z',
  '9999-12-31T23:59:59.999999999-14:59',
  '9999-12-31T12:00:00Z',
  '2026-11-26T24:00:00Z',
  '2026-11-26T23:59:60Z',
  '2026-11-26t08:45:00z',
  '2026-11-26T08:45:00',
  '2026-11-26T08:45Z',
  '2026-02-30T08:45:00Z',
  '2026-11-26T08:45:00+15:00',
  '2026-11-26T08:45:00-00:00',
];
const ODDITIES: readonly JsonValue[] = [null, true, false, {}, { a: 1 }, [[]], [null], { length: 0 }];
export const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Africa/Cairo',
  'europe/berlin',
  'UTC',
  'Mars/Olympus_Mons',
  '+02:00',
  '',
];

const among = <T>(values: readonly T[]) => fc.constantFrom(...values);
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  among(TEXTS),
  among(IDS),
  among(NUMBERS),
  among(NUMBER_TEXTS),
  among(DATES),
  among(TIMESTAMPS),
  among([true, false]),
);
const list: fc.Arbitrary<JsonValue> = fc.array(
  fc.oneof({ weight: 8, arbitrary: scalar }, { weight: 1, arbitrary: among(ODDITIES) }),
  { maxLength: 4 },
);

/** Mostly values of the type, valid or invalid; sometimes any value. */
function valueFor(type: FieldType): fc.Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 8, arbitrary: OF_TYPE[type] },
    { weight: 1, arbitrary: scalar },
    { weight: 1, arbitrary: list },
    { weight: 1, arbitrary: among(ODDITIES) },
  );
}

const number: fc.Arbitrary<JsonValue> = fc.oneof(
  among(NUMBERS),
  among(NUMBER_TEXTS),
  fc.double({ noNaN: true }),
  fc.integer(),
);
const text = fc.oneof(
  among(TEXTS),
  fc.tuple(among(TEXTS), among(TEXTS)).map(([a, b]) => a + b),
);

const OF_TYPE: Readonly<Record<FieldType, fc.Arbitrary<JsonValue>>> = {
  string: text,
  id: among(IDS),
  bool: among([true, false]),
  int: number,
  decimal: number,
  date: among(DATES),
  timestamp: among(TIMESTAMPS),
  list,
};

/** A value for a condition, mostly one that its operator accepts. */
function constantFor(operator: OperatorName, type: FieldType): fc.Arbitrary<JsonValue | undefined> {
  const one = OF_TYPE[type];
  switch (OPERATORS[operator].value) {
    case 'none':
      return fc.constant(undefined);
    case 'one':
    case 'number':
    case 'amount':
      return one;
    case 'several':
      return fc.array(one, { minLength: 1, maxLength: 4 });
    case 'range':
      return fc.tuple(one, one);
    case 'text':
      return text;
    case 'part':
      return type === 'list' ? scalar : text;
    case 'elements':
      return fc.array(scalar, { minLength: 1, maxLength: 3 });
    case 'count':
      return fc.integer({ min: 0, max: 4 });
    case 'day':
      return type === 'date' ? among(DATES) : fc.oneof(among(DATES), among(TIMESTAMPS));
    case 'date':
      return among(DATES);
    case 'span':
      return among(['1d', '7d', '1w', '99999w', ...(type === 'timestamp' ? ['1m', '15m', '9h'] : [])]);
    case 'month':
      return fc.integer({ min: 1, max: 12 });
    case 'weekday':
      return fc.integer({ min: 1, max: 7 });
  }
}

/** A field with its type and whether events carry its previous value. */
export interface RandomField {
  readonly name: string;
  readonly type: FieldType;
  readonly isDiffable: boolean;
}

export const ATHLETE_FIELDS: readonly RandomField[] = [
  ...FIELD_TYPES.map((type) => ({ name: `custom.${type}`, type, isDiffable: false })),
  { name: 'birth_date', type: 'date', isDiffable: false },
  { name: 'athlete.created_at', type: 'timestamp', isDiffable: false },
  { name: 'tags', type: 'list', isDiffable: false },
  { name: 'time_zone', type: 'string', isDiffable: false },
  { name: 'opted_out', type: 'bool', isDiffable: false },
];

export const EVENT_FIELDS: readonly RandomField[] = [
  ...FIELD_TYPES.map((type) => ({ name: `event_${type}`, type, isDiffable: true })),
  ...FIELD_TYPES.map((type) => ({ name: `answers.a_${type}`, type, isDiffable: false })),
];

function randomCondition({ fields, operators }: FilterParts): fc.Arbitrary<FilterCondition> {
  return among(fields).chain(({ name, type, isDiffable }) => {
    const legal = listOperators(type, isDiffable).filter((each) => operators?.includes(each) ?? true);
    return among(legal).chain((operator) =>
      fc
        .tuple(
          constantFor(operator, type).filter((value) => OPERATORS[operator].read(value, type) !== undefined),
          among([undefined, undefined, true, false]),
        )
        .map(([value, ifAbsent]) => condition(name, operator, value, ifAbsent)),
    );
  });
}

/** The fields and operators of random filters. */
export interface FilterParts {
  readonly fields: readonly RandomField[];
  /** Absent for all operators. */
  readonly operators?: readonly OperatorName[];
  /** Levels of nested groups below the root. */
  readonly depth?: number;
}

/** Filters that are valid except for the number of their conditions. */
export function randomFilter({ depth = 3, ...parts }: FilterParts): fc.Arbitrary<FilterGroup> {
  const most = depth > 2 ? 2 : 1;
  const groups =
    depth === 0
      ? fc.constant([])
      : fc.array(randomFilter({ ...parts, depth: depth - 1 }), { maxLength: most });
  return fc.record({
    logic: among(['AND', 'OR'] as const),
    not: fc.boolean(),
    conditions: fc.array(randomCondition(parts), { minLength: 1, maxLength: 3 }),
    groups,
  });
}

const missing = Symbol('missing');

function randomObject(values: Readonly<Record<string, fc.Arbitrary<JsonValue>>>): fc.Arbitrary<JsonObject> {
  const entries = Object.entries(values).map(([name, value]) =>
    fc
      .oneof({ weight: 1, arbitrary: fc.constant(missing) }, { weight: 9, arbitrary: value })
      .map((found) => (found === missing ? [] : [[name, found]])),
  );
  return fc.tuple(...entries).map((found) => Object.fromEntries(found.flat()));
}

const ofEveryType = (prefix: string) =>
  Object.fromEntries(FIELD_TYPES.map((type) => [`${prefix}${type}`, valueFor(type)]));

/** An athlete's document, with many values of wrong types. */
export const randomAthlete: fc.Arbitrary<JsonObject> = randomObject({
  name: valueFor('string'),
  birth_date: valueFor('date'),
  time_zone: fc.oneof({ weight: 9, arbitrary: among(ZONES) }, { weight: 1, arbitrary: among(ODDITIES) }),
  tags: valueFor('list'),
  created_at: valueFor('timestamp'),
  opted_out: valueFor('bool'),
  attributes: fc.oneof(
    { weight: 19, arbitrary: randomObject(ofEveryType('')) },
    { weight: 1, arbitrary: among(ODDITIES) },
  ),
});

/** An event's data, or its previous values. */
export const randomEvent: fc.Arbitrary<JsonObject> = randomObject({
  ...ofEveryType('event_'),
  answers: fc.oneof(
    { weight: 9, arbitrary: randomObject(ofEveryType('a_')) },
    { weight: 1, arbitrary: among(ODDITIES) },
  ),
});
