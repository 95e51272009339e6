import { Decimal } from 'decimal.js';
import { describe, expect, test } from 'vitest';
import { readParameters } from '../../../../src/progression/evaluation/rules/parameters.ts';
import {
  addPercent,
  type Bounds,
  changeTo,
  readBounds,
} from '../../../../src/progression/evaluation/rules/weight.ts';
import { violationsOf } from './rule-case.ts';

function bounds(parameters: object): Bounds {
  return readBounds(readParameters(parameters));
}

describe('a share of a weight', () => {
  test.each([
    // At, share, step: nearest, down, up.
    ['281.875', '0', '5', '280', '280', '285'],
    ['225', '-0.1', '5', '205', '200', '205'],
    ['275', '0.025', '5', '280', '280', '285'],
    ['302.5', '0', '5', '305', '300', '305'],
    ['302.499999', '0', '5', '300', '300', '305'],
    ['302.500001', '0', '5', '305', '300', '305'],
    ['300', '0', '5', '300', '300', '300'],
    ['2.4', '0', '5', '0', '0', '5'],
    ['2.5', '0', '5', '5', '0', '5'],
    ['101.25', '0', '2.5', '102.5', '100', '102.5'],
    ['103.75', '0', '2.5', '105', '102.5', '105'],
    ['60', '0.05', '1.25', '62.5', '62.5', '63.75'],
    ['62.5', '0.015', '1.25', '63.75', '62.5', '63.75'],
    ['100', '0.1', '33', '99', '99', '132'],
    ['0.3', '0', '0.1', '0.3', '0.3', '0.3'],
    ['200', '-1', '5', '0', '0', '0'],
    ['200', '1', '5', '400', '400', '400'],
  ])('%s and %s on top, in steps of %s: %s, down %s, up %s', (at, share, roundTo, nearest, down, up) => {
    const rounded = (rounding?: string) =>
      addPercent(new Decimal(at), new Decimal(share), bounds({ roundTo, rounding })).toFixed();
    expect([rounded(), rounded('NEAREST'), rounded('DOWN'), rounded('UP')]).toEqual([
      nearest,
      nearest,
      down,
      up,
    ]);
  });

  test.each([
    // What numeric(18, 6) holds; ties up.
    ['0.000001', '0.5', '0.000002'],
    ['0.000001', '0.499999', '0.000001'],
    ['0.000001', '-0.5', '0.000001'],
    ['0.000001', '-0.500001', '0'],
    ['100', '0.333333', '133.3333'],
    ['0.1', '0.2', '0.12'],
    ['45.5', '0.025', '46.6375'],
  ])('%s and %s on top, without a step: %s', (at, share, expected) => {
    expect(addPercent(new Decimal(at), new Decimal(share), bounds({})).toFixed()).toBe(expected);
  });

  test('is exact to the last of 18 digits, with 25 digits in between', () => {
    const sum = (at: string, share: string, parameters = {}) =>
      addPercent(new Decimal(at), new Decimal(share), bounds(parameters)).toFixed();
    expect(sum('746899395734.773787', '0.606497')).toBe('1199891638549.726884');
    expect(sum('423554814413.689563', '-0.299626', { roundTo: '0.000001', rounding: 'DOWN' })).toBe(
      '296646779590.173413',
    );
    expect(sum('101310150746.980914', '0.788955', { roundTo: '0.000001', rounding: 'UP' })).toBe(
      '181239300729.565242',
    );
  });
});

describe('bounds', () => {
  test('have floor 0, no ceiling and no rounding by default', () => {
    expect(bounds({})).toEqual({
      roundTo: null,
      rounding: 'NEAREST',
      minValue: new Decimal(0),
      maxValue: null,
    });
  });

  test.each([
    [{ minValue: '-1' }, 'minValue'],
    [{ minValue: 20 }, 'minValue'],
    [{ maxValue: '-1' }, 'maxValue'],
    [{ minValue: '20', maxValue: '19.999999' }, 'maxValue'],
    [{ roundTo: '0' }, 'roundTo'],
    [{ roundTo: '-5' }, 'roundTo'],
    [{ rounding: 'nearest' }, 'rounding'],
    [{ rounding: 1 }, 'rounding'],
  ])('are refused: %j', (parameters, path) => {
    const violations = violationsOf(() => {
      const reader = readParameters(parameters);
      readBounds(reader);
      reader.finish();
    });
    expect(new Set(violations.map((violation) => violation.path))).toEqual(new Set([path]));
  });

  test('may allow a single value', () => {
    for (const limit of ['20', '0']) {
      const reader = readParameters({ minValue: limit, maxValue: limit });
      expect(readBounds(reader).maxValue?.toFixed()).toBe(limit);
      expect(() => reader.finish()).not.toThrow();
    }
  });
});

describe('a change', () => {
  const change = (at: string, to: string, parameters: object, effects?: Parameters<typeof changeTo>[3]) => {
    const outcome = changeTo(new Decimal(to), new Decimal(at), bounds(parameters), effects);
    return outcome.applied ? outcome.newValue.toFixed() : outcome.reason;
  };

  test.each([
    // From, to, floor, ceiling: what becomes of it.
    ['100', '105', undefined, undefined, '105'],
    ['100', '-5', undefined, undefined, '0'],
    ['0', '-5', undefined, undefined, 'AT_LIMIT'],
    ['0', '0', undefined, undefined, '0'],
    ['100', '90', '95', undefined, '95'],
    ['100', '90', '100', undefined, 'AT_LIMIT'],
    ['100', '105', undefined, '103', '103'],
    ['100', '105', undefined, '100', 'AT_LIMIT'],
    ['100', '105', undefined, '0', '0'],
    ['100', '100', undefined, '100', '100'],
    ['10', '15', '20', '40', '20'],
    ['10', '45', '20', '40', '40'],
    ['20', '10', '20', '20', 'AT_LIMIT'],
    ['20', '30', '20', '20', 'AT_LIMIT'],
  ])('from %s to %s within %s and %s: %s', (at, to, minValue, maxValue, expected) => {
    expect(change(at, to, { minValue, maxValue })).toBe(expected);
  });

  test('to another stage counts even when the weight stays at a limit', () => {
    expect(change('20', '10', { minValue: '20' }, { stage: 0 })).toBe('20');
  });

  test('of a counter alone does not count', () => {
    expect(change('20', '10', { minValue: '20' }, { resetsFailures: true })).toBe('AT_LIMIT');
  });

  test('carries its effects', () => {
    expect(changeTo(new Decimal(9), new Decimal(10), bounds({}), { stage: 2, resetsFailures: true })).toEqual(
      {
        applied: true,
        newValue: new Decimal(9),
        stage: 2,
        resetsFailures: true,
      },
    );
  });
});
