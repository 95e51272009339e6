/** Cron texts, recurring schedules where clocks change, and the latest tick of those that were waited for. */
import { describe, expect, test } from 'vitest';
import { createCronTicks, createTicks } from '../../../src/automation/time/recurring.ts';
import type { Recurrence } from '../../../src/automation/time/time-schedule.ts';
import { instantFromText, instantToText } from '../../../src/values/instant.ts';

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

describe('an invalid cron text is refused, with what is allowed', () => {
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

const at = (text: string) => instantFromText(`${text}:00Z`);
const cron = (text: string): Recurrence => ({ kind: 'cron', text });
const every = (days: number, time: string, startingOn: string): Recurrence => {
  return { kind: 'every', days, at: time, startingOn };
};
const ticksIn = (zone: string, recurrence: Recurrence) =>
  createTicks({ kind: 'recurring_schedule', zone, recurrence });

/** In UTC, all of them between two instants. */
function between(zone: string, recurrence: Recurrence, after: string, before: string): string[] {
  const { next } = ticksIn(zone, recurrence);
  const found: string[] = [];
  for (let tick = next(at(after)); tick !== undefined && tick < at(before); tick = next(tick)) {
    found.push(instantToText(tick).slice(5, 16));
  }
  return found;
}

describe('where clocks change', () => {
  test.each([
    [
      'daily, in the gap',
      'Europe/Berlin',
      cron('30 2 * * *'),
      '2026-03-27T12:00',
      '2026-03-30T12:00',
      ['03-28T01:30', '03-29T01:30', '03-30T00:30'],
    ],
    [
      'daily, in the overlap',
      'Europe/Berlin',
      cron('30 2 * * *'),
      '2026-10-24T12:00',
      '2026-10-26T12:00',
      ['10-25T00:30', '10-26T01:30'],
    ],
    [
      'hourly, over the gap',
      'Europe/Berlin',
      cron('30 * * * *'),
      '2026-03-28T23:45',
      '2026-03-29T03:00',
      ['03-29T00:30', '03-29T01:30', '03-29T02:30'],
    ],
    [
      'hourly, over the overlap',
      'Europe/Berlin',
      cron('30 * * * *'),
      '2026-10-24T23:00',
      '2026-10-25T03:00',
      ['10-24T23:30', '10-25T00:30', '10-25T01:30', '10-25T02:30'],
    ],
    [
      'every quarter of an hour, over the overlap',
      'Europe/Berlin',
      cron('*/15 * * * *'),
      '2026-10-25T00:30',
      '2026-10-25T02:00',
      ['10-25T00:45', '10-25T01:00', '10-25T01:15', '10-25T01:30', '10-25T01:45'],
    ],
    [
      'every second hour, which are times of the day, over the overlap',
      'Europe/Berlin',
      cron('0 */2 * * *'),
      '2026-10-24T22:00',
      '2026-10-25T04:00',
      ['10-25T00:00', '10-25T03:00'],
    ],
    [
      'in order behind a gap of half an hour',
      'Australia/Lord_Howe',
      cron('10,35 1-2 * * *'),
      '2026-10-03T14:00',
      '2026-10-03T18:00',
      ['10-03T14:40', '10-03T15:05', '10-03T15:35', '10-03T15:40'],
    ],
    [
      'over a gap of two hours',
      'Antarctica/Troll',
      cron('0 1,2,3 * * *'),
      '2026-03-29T00:00',
      '2026-03-29T12:00',
      ['03-29T01:00', '03-29T02:00'],
    ],
    [
      'on the day that Samoa skipped',
      'Pacific/Apia',
      cron('0 8 30 * *'),
      '2011-12-01T00:00',
      '2012-01-15T00:00',
      ['12-30T18:00'],
    ],
    [
      'daily over that day',
      'Pacific/Apia',
      every(1, '08:00', '2011-12-01'),
      '2011-12-28T12:00',
      '2012-01-01T12:00',
      ['12-28T18:00', '12-29T18:00', '12-30T18:00', '12-31T18:00'],
    ],
    [
      'daily at midnight where a gap begins then',
      'Africa/Cairo',
      cron('0 0 * * *'),
      '2026-04-22T12:00',
      '2026-04-25T12:00',
      ['04-22T22:00', '04-23T22:00', '04-24T21:00'],
    ],
  ] as const)('%s', (_, zone, recurrence, after, before, expected) => {
    expect(between(zone, recurrence, after, before)).toEqual(expected);
  });
});

describe('an interval of days or weeks', () => {
  test('starts on the first day', () => {
    const { next } = ticksIn('Europe/Berlin', every(3, '06:00', '2026-01-05'));

    expect(next(at('2020-01-01T00:00'))).toBe(at('2026-01-05T05:00'));
    expect(next(at('2026-01-05T04:59'))).toBe(at('2026-01-05T05:00'));
    expect(next(at('2026-01-05T05:00'))).toBe(at('2026-01-08T05:00'));
    expect(next(at('2026-07-01T12:00'))).toBe(at('2026-07-04T04:00'));
  });

  test('keeps its weekday over the year', () => {
    const found = between('UTC', every(14, '06:00', '2026-01-05'), '2026-12-01T00:00', '2027-01-31T00:00');

    expect(found).toEqual(['12-07T06:00', '12-21T06:00', '01-04T06:00', '01-18T06:00']);
  });
});

describe('the latest tick', () => {
  test.each([
    ['among many', cron('*/15 * * * *'), '2026-01-01T00:00', '2026-03-01T10:07', '2026-03-01T10:00'],
    ['at its own instant', cron('0 6 * * *'), '2026-01-01T00:00', '2026-03-01T06:00', '2026-03-01T06:00'],
    ['months ago', cron('* 12 1 1 *'), '2026-01-01T00:00', '2026-12-31T00:00', '2026-01-01T12:59'],
    ['the first of all', cron('0 6 * * *'), '2026-01-01T05:59', '2026-01-01T06:01', '2026-01-01T06:00'],
  ])('%s', (_, recurrence, after, upTo, expected) => {
    expect(ticksIn('UTC', recurrence).last(at(after), at(upTo))).toBe(at(expected));
  });

  test('is absent when there was none', () => {
    const { last } = ticksIn('UTC', cron('0 6 * * *'));

    expect(last(at('2026-01-01T06:00'), at('2026-01-02T05:59'))).toBeUndefined();
  });

  test('of every minute of two years takes less than a second', () => {
    const { last } = ticksIn('America/New_York', cron('* * * * *'));
    const startedAt = performance.now();

    expect(last(at('2024-01-01T00:00'), at('2026-01-01T00:00'))).toBe(at('2026-01-01T00:00'));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

test('there is no tick after the end of the calendar', () => {
  expect(ticksIn('UTC', cron('0 0 1 1 *')).next(at('9998-06-01T00:00'))).toBeUndefined();
  expect(ticksIn('UTC', every(366, '00:00', '2026-01-01')).next(at('9998-12-01T00:00'))).toBeUndefined();
});
