import { describe, expect, test } from 'vitest';
import {
  type DecimalRule,
  NOT_NEGATIVE,
  NOT_ZERO,
  type ParameterReader,
  ParametersError,
  POSITIVE,
  readParameters,
  SHARE,
  SIGNED_SHARE,
} from '../../../../src/progression/evaluation/rules/parameters.ts';
import { violationsOf } from './rule-case.ts';

const NOT_A_DECIMAL = 'must be a decimal string with at most 12 digits before and 6 after the point';

/** The violations of reading the field `x`, as sentences. */
function complaints(value: unknown, read: (reader: ParameterReader) => unknown): string[] {
  const violations = violationsOf(() => {
    const reader = readParameters({ x: value });
    read(reader);
    reader.finish();
  });
  return violations.map(({ path, description }) => `${path} ${description}`);
}

describe('parameters', () => {
  test.each([null, undefined, 'text', 5, true, ['a'], []])('must be an object, not %j', (parameters) => {
    expect(() => readParameters(parameters)).toThrow(
      new ParametersError([{ path: '', description: 'must be an object' }]),
    );
    expect(() => readParameters(parameters)).toThrow('parameters: must be an object');
  });

  test('are accepted when nothing is violated', () => {
    expect(() => readParameters({ anything: 'else' }).finish()).not.toThrow();
  });

  test('are refused with every violation in one error', () => {
    const reader = readParameters({ a: 1, b: [{ c: 2 }] });
    reader.flag('a');
    reader.list('b', 5)[0]?.flag('c');
    reader.violate('d', 'must not be');
    expect(() => reader.finish()).toThrow(
      'a: must be true or false; b[0].c: must be true or false; d: must not be',
    );
  });
});

describe('a decimal', () => {
  const ANY: DecimalRule = { description: 'anything', holds: () => true };

  test.each([
    ['0', '0'],
    ['-0.5', '-0.5'],
    ['007', '7'],
    ['2.50', '2.5'],
    ['999999999999.999999', '999999999999.999999'],
    ['-999999999999.999999', '-999999999999.999999'],
  ])('is read exactly: %s', (text, expected) => {
    expect(readParameters({ x: text }).decimal('x', ANY)?.toFixed()).toBe(expected);
  });

  test.each([null, undefined])('is absent when %s', (value) => {
    expect(readParameters({ x: value }).decimal('x', ANY)).toBeNull();
    expect(complaints(value, (reader) => reader.decimal('x', ANY))).toEqual([]);
  });

  test.each([
    5,
    0,
    true,
    {},
    [],
    '',
    ' ',
    '5 ',
    ' 5',
    '5\n',
    '.5',
    '5.',
    '+5',
    '--5',
    '5,0',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '1234567890123',
    '0.1234567',
    '1 000',
    '５',
  ])('is refused unless it is plain text of digits: %j', (value) => {
    expect(complaints(value, (reader) => reader.decimal('x', ANY))).toEqual([`x ${NOT_A_DECIMAL}`]);
  });

  test.each([
    ['POSITIVE', POSITIVE, ['0.000001', '1'], ['0', '-0', '-1'], 'x must be above 0'],
    ['NOT_NEGATIVE', NOT_NEGATIVE, ['0', '1'], ['-0.000001', '-1'], 'x must be at least 0'],
    ['NOT_ZERO', NOT_ZERO, ['1', '-1', '0.000001'], ['0', '0.0', '-0'], 'x must be other than 0'],
    ['SHARE', SHARE, ['0.000001', '1'], ['0', '-0.1', '1.000001'], 'x must be above 0 and at most 1'],
    [
      'SIGNED_SHARE',
      SIGNED_SHARE,
      ['0.000001', '1', '-1'],
      ['0', '1.000001', '-1.000001'],
      'x must be from -1 to 1 and other than 0',
    ],
  ])('that must be %s is checked', (_name, rule, allowed, refused, complaint) => {
    for (const text of allowed) {
      expect(complaints(text, (reader) => reader.decimal('x', rule))).toEqual([]);
    }
    for (const text of refused) {
      expect(complaints(text, (reader) => reader.decimal('x', rule))).toEqual([complaint]);
    }
  });

  test('that is required is reported once when it is missing, and is checked', () => {
    const read = (reader: ParameterReader) => reader.requiredDecimal('x', POSITIVE);
    expect(complaints('5', read)).toEqual([]);
    expect(complaints(undefined, read)).toEqual(['x is required and must be above 0']);
    expect(complaints(null, read)).toEqual(['x is required and must be above 0']);
    expect(complaints('-5', read)).toEqual(['x must be above 0']);
    expect(complaints(5, read)).toEqual([`x ${NOT_A_DECIMAL}`]);
  });
});

describe('a whole number', () => {
  const read = (reader: ParameterReader) => reader.integer('x', 1, 100);

  test.each([1, 2, 100])('within its bounds is read: %d', (value) => {
    expect(read(readParameters({ x: value }))).toBe(value);
    expect(complaints(value, read)).toEqual([]);
  });

  test.each([0, 101, 1.5, -1, '1', null, undefined, true, [1], {}])('is refused otherwise: %j', (value) => {
    expect(complaints(value, read)).toEqual(['x must be a whole number from 1 to 100']);
  });
});

describe('a flag', () => {
  const read = (reader: ParameterReader) => reader.flag('x');

  test.each([
    [true, true],
    [false, false],
    [null, false],
    [undefined, false],
  ])('%s means %s', (value, expected) => {
    expect(read(readParameters({ x: value }))).toBe(expected);
    expect(complaints(value, read)).toEqual([]);
  });

  test.each([0, 1, '', 'true', {}, []])('is refused otherwise: %j', (value) => {
    expect(complaints(value, read)).toEqual(['x must be true or false']);
  });
});

describe('one of a list', () => {
  test('is accepted, or has its default when absent', () => {
    expect(readParameters({ x: 'B' }).oneOf('x', ['A', 'B'])).toBe('B');
    expect(readParameters({}).oneOf('x', ['A', 'B'], 'B')).toBe('B');
    expect(readParameters({ x: null }).oneOf('x', ['A', 'B'], 'B')).toBe('B');
  });

  test.each(['C', 'a', '', 0, undefined, null, ['A']])('is refused otherwise, with the list: %j', (value) => {
    expect(complaints(value, (reader) => reader.oneOf('x', ['A', 'B']))).toEqual(['x must be one of A, B']);
  });

  test('is refused when it is something else, with or without a default', () => {
    expect(complaints('C', (reader) => reader.oneOf('x', ['A', 'B'], 'A'))).toEqual([
      'x must be one of A, B',
    ]);
  });

  test('is a max type, which has no default', () => {
    for (const maxType of ['ONE_RM', 'TRAINING_MAX', 'ESTIMATED_ONE_RM']) {
      expect(readParameters({ maxType }).maxType()).toBe(maxType);
    }
    expect(complaints(null, (reader) => reader.maxType())).toEqual([
      'maxType must be one of ONE_RM, TRAINING_MAX, ESTIMATED_ONE_RM',
    ]);
  });

  test('is count_by, which is by set unless by session is given', () => {
    expect(readParameters({}).countBy()).toBe('SET');
    expect(readParameters({ countBy: 'SESSION' }).countBy()).toBe('SESSION');
  });
});

describe('a text', () => {
  const read = (reader: ParameterReader) => reader.text('x', 3);

  test.each(['a', 'abc'])('is read: %s', (value) => {
    expect(read(readParameters({ x: value }))).toBe(value);
    expect(complaints(value, read)).toEqual([]);
  });

  test.each(['', 'abcd', 5, null, undefined, ['a']])('is refused otherwise: %j', (value) => {
    expect(complaints(value, read)).toEqual(['x must be a text of 1 to 3 characters']);
  });
});

describe('a list', () => {
  const read = (reader: ParameterReader) => reader.list('x', 2);

  test('has a reader for each of its objects, which names the path', () => {
    const readers = read(readParameters({ x: [{ reps: 5 }, { reps: 'five' }] }));
    expect(readers.map((element) => element.integer('reps', 1, 10))[0]).toBe(5);
    expect(complaints([{}, { reps: 'five' }], (reader) => read(reader)[1]?.integer('reps', 1, 10))).toEqual([
      'x[1].reps must be a whole number from 1 to 10',
    ]);
  });

  test('names nested paths', () => {
    const nested = { x: [{ y: [{}, { z: 1 }] }] };
    const reader = readParameters(nested);
    reader.list('x', 1)[0]?.list('y', 2)[1]?.flag('z');
    expect(violationsOf(() => reader.finish())).toEqual([
      { path: 'x[0].y[1].z', description: 'must be true or false' },
    ]);
  });

  test.each([[[]], [[{}, {}, {}]], [[{}, 5]], [[null]], [[[]]], [{}], ['ab'], [undefined], [null]])(
    'is refused unless it holds 1 to 2 objects: %j',
    (value) => {
      expect(complaints(value, read)).toEqual(['x must be a list of 1 to 2 objects']);
    },
  );
});
