/** Numbers as apps and spreadsheets write them, read to the last digit or not at all. */
import { describe, expect, test } from 'vitest';
import {
  chooseWeight,
  type DecimalMarks,
  decideUnit,
  decimalMarksOf,
  readRpe,
  readUnit,
  readWeight,
} from '../../src/training-logs/read-number.ts';

const NO_MARKS: DecimalMarks = { comma: false, point: false, semicolons: false };

describe('a weight', () => {
  test.each<[string, Partial<DecimalMarks>, string]>([
    ['80', {}, '80'],
    ['80.0', {}, '80'],
    ['80.', {}, '80'],
    ['82.5', {}, '82.5'],
    ['82,5', {}, '82.5'],
    ['82,25', { point: true }, '82.25'],
    ['0,125', {}, '0.125'],
    ['61.23504277', {}, '61.235043'],
    ['12345678901.123456', {}, '12345678901.123456'],
    ['1.250', {}, '1.25'],
    ['61.235', { point: true }, '61.235'],
    ['1,250', { comma: true }, '1.25'],
    ['1,250', { semicolons: true }, '1.25'],
  ])('%s with %j is %s', (text, marks, weight) => {
    expect(readWeight(text, { ...NO_MARKS, ...marks }, 'Squat')).toBe(weight);
  });

  test.each<[string, Partial<DecimalMarks>, string]>([
    ['1,250', {}, 'a weight whose comma or point may divide decimals or thousands: "1,250"'],
    ['1,250', { comma: true, point: true }, 'a weight whose comma or point may divide decimals or thousands'],
    ['1.250', { comma: true }, 'a weight whose comma or point may divide decimals or thousands: "1.250"'],
    ['', {}, 'without a weight (empty or 0): Squat'],
    ['0', {}, 'without a weight (empty or 0): Squat'],
    ['0.0', {}, 'without a weight (empty or 0): Squat'],
    ['0,0000001', {}, 'without a weight (empty or 0): Squat'],
    ['1,250.5', {}, 'not a weight: "1,250.5"'],
    ['-20', {}, 'not a weight: "-20"'],
    ['45 lb', {}, 'not a weight: "45 lb"'],
    ['1e3', {}, 'not a weight: "1e3"'],
  ])('%s with %j is refused', (text, marks, message) => {
    expect(() => readWeight(text, { ...NO_MARKS, ...marks }, 'Squat')).toThrow(message);
  });

  test('shows the decimal mark of a file only when it is unambiguous', () => {
    expect(decimalMarksOf(['1,250', '80', '1.250', 'x'], ',')).toEqual(NO_MARKS);
    expect(decimalMarksOf(['1,250', '82,5'], ';')).toEqual({ comma: true, point: false, semicolons: true });
    expect(decimalMarksOf(['61.23504277', '0,125'], '\t')).toEqual({
      comma: true,
      point: true,
      semicolons: false,
    });
  });
});

describe('a weight in two columns', () => {
  const both = [
    { text: '60', unit: 'kg' },
    { text: '130', unit: 'lb' },
  ] as const;

  test('is the one that is filled in', () => {
    expect(chooseWeight([{ text: '', unit: 'kg' }, both[1]], null)).toBe(both[1]);
  });

  test('is the one in the requested unit when both are filled in', () => {
    expect(chooseWeight(both, 'lb')).toBe(both[1]);
    expect(() => chooseWeight(both, null)).toThrow('the file has its weights both in kg and in lb');
  });

  test('is absent when neither is filled in', () => {
    expect(chooseWeight([{ text: '', unit: 'kg' }], null).text).toBe('');
  });
});

test('a unit is that of the log, else that of the caller, and never both', () => {
  expect([readUnit('KGS'), readUnit('lb'), readUnit('')]).toEqual(['kg', 'lb', null]);
  expect(() => readUnit('stone')).toThrow('neither kg nor lb: "stone"');
  expect([decideUnit('kg', null), decideUnit(null, 'lb'), decideUnit(null, null)]).toEqual([
    'kg',
    'lb',
    null,
  ]);
  expect(() => decideUnit('kg', 'lb')).toThrow('in another unit than the one asked for: kg, not lb');
});

test.each([
  ['', null],
  ['8', '8'],
  ['8,5', '8.5'],
  ['9.50', '9.5'],
])('the RPE %j is %s', (text, rpe) => {
  expect(readRpe(text)).toBe(rpe);
});
