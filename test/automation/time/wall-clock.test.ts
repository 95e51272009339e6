/** Which cron texts are taken, and the days and times that they name. */
import { describe, expect, test } from 'vitest';
import { createCronTicks } from '../../../src/automation/time/wall-clock.ts';

const wall = (text: string) => Date.parse(`${text}Z`) / 1000;

function nextOnes(text: string, after: string, count: number): string[] {
  const { after: next } = createCronTicks(text);
  const found: string[] = [];
  for (let tick = next(wall(after)); tick !== undefined && found.length < count; tick = next(tick)) {
    found.push(new Date(tick * 1000).toISOString().slice(0, 16));
  }
  return found;
}

test.each([
  ['30 6 * * 1-5', ['2026-01-01T06:30', '2026-01-02T06:30', '2026-01-05T06:30']],
  ['*/20 8-9 * * *', ['2026-01-01T08:00', '2026-01-01T08:20', '2026-01-01T08:40', '2026-01-01T09:00']],
  ['0 9-17/4 * * *', ['2026-01-01T09:00', '2026-01-01T13:00', '2026-01-01T17:00', '2026-01-02T09:00']],
  ['15,45 0 1 JAN,jul *', ['2026-01-01T00:15', '2026-01-01T00:45', '2026-07-01T00:15']],
  ['0 0 * * SUN', ['2026-01-04T00:00', '2026-01-11T00:00']],
  ['0 0 * * 0', ['2026-01-04T00:00', '2026-01-11T00:00']],
  ['0 0 * * 7', ['2026-01-04T00:00', '2026-01-11T00:00']],
  ['0 0 * * 6-7', ['2026-01-03T00:00', '2026-01-04T00:00', '2026-01-10T00:00']],
  ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00']],
  ['0 0 31 * *', ['2026-01-31T00:00', '2026-03-31T00:00', '2026-05-31T00:00']],
  // Of the two days either is enough, unless one is left open.
  ['0 0 13 * FRI', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00']],
  ['0 0 30 2 MON', ['2026-02-02T00:00', '2026-02-09T00:00']],
])('%s', (text, expected) => {
  expect(nextOnes(text, '2026-01-01T00:00', expected.length)).toEqual(expected);
});

describe('what is no cron text is refused, and told what is', () => {
  test.each([
    '',
    ' ',
    '* * * *',
    '* * * * * *',
    '30 6  * * *',
    ' 30 6 * * *',
    '30 6 * * *\n',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 13 *',
    '* * * * 8',
    '*/0 * * * *',
    '*/61 * * * *',
    '5/10 * * * *',
    '1,,2 * * * *',
    '1-2-3 * * * *',
    '30-10 * * * *',
    '* * * * FRI-MON',
    '-5 * * * *',
    '+5 * * * *',
    '1.5 * * * *',
    '* * L * *',
    '* * 15W * *',
    '* * * * MON#2',
    '* * * * 5L',
    '? * * * *',
    '* * * ABC *',
    '* * MON * *',
    '* * * * JAN',
    '* * * january *',
    '@daily',
    `${'1,'.repeat(200)}1 * * * *`,
    '\u0661 * * * *',
  ])('%j', (text) => {
    expect(() => createCronTicks(text)).toThrow(/^must be five fields/);
  });

  test.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 31 FEB *', '0 0 30,31 2 *'])(
    'never comes: %s',
    (text) => {
      expect(() => createCronTicks(text)).toThrow('a day that never comes');
    },
  );
});
