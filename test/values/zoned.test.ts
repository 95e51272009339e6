/** What clocks show and when: gaps, overlaps, the skipped day, and zones of every kind. */
import { describe, expect, test } from 'vitest';
import { instantFromText, instantToText } from '../../src/values/instant.ts';
import {
  firstTimeZone,
  instantOfLocal,
  isTimeZone,
  localDateOf,
  localTimeOf,
} from '../../src/values/zoned.ts';

describe('a date and a time in a zone become an instant', () => {
  test.each([
    // What                         date          time        zone                   instant
    ['in winter', '2026-01-15', '08:30', 'Europe/Berlin', '2026-01-15T07:30:00'],
    ['in summer', '2026-07-15', '08:30', 'Europe/Berlin', '2026-07-15T06:30:00'],
    ['to the microsecond', '2026-07-15', '08:30:01.000001', 'Europe/Berlin', '2026-07-15T06:30:01.000001'],
    ['before the gap', '2026-03-29', '01:59', 'Europe/Berlin', '2026-03-29T00:59:00'],
    ['at its start, moved on', '2026-03-29', '02:00', 'Europe/Berlin', '2026-03-29T01:00:00'],
    ['within it, moved on', '2026-03-29', '02:30', 'Europe/Berlin', '2026-03-29T01:30:00'],
    ['at its end', '2026-03-29', '03:00', 'Europe/Berlin', '2026-03-29T01:00:00'],
    ['before the overlap', '2026-10-25', '01:59', 'Europe/Berlin', '2026-10-24T23:59:00'],
    ['the first of two', '2026-10-25', '02:00', 'Europe/Berlin', '2026-10-25T00:00:00'],
    ['the first of two', '2026-10-25', '02:59', 'Europe/Berlin', '2026-10-25T00:59:00'],
    ['after the overlap', '2026-10-25', '03:00', 'Europe/Berlin', '2026-10-25T02:00:00'],
    ['west of Greenwich, in the gap', '2026-03-08', '02:30', 'America/New_York', '2026-03-08T07:30:00'],
    ['west, the first of two', '2026-11-01', '01:30', 'America/New_York', '2026-11-01T05:30:00'],
    ['a gap of 30 minutes', '2026-10-04', '02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00'],
    ['behind it', '2026-10-04', '02:30', 'Australia/Lord_Howe', '2026-10-03T15:30:00'],
    ['an overlap of 30 minutes', '2026-04-05', '01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00'],
    ['behind it', '2026-04-05', '02:00', 'Australia/Lord_Howe', '2026-04-04T15:30:00'],
    ['a gap of two hours', '2026-03-29', '01:30', 'Antarctica/Troll', '2026-03-29T01:30:00'],
    ['within its second hour', '2026-03-29', '02:30', 'Antarctica/Troll', '2026-03-29T02:30:00'],
    ['an overlap of two hours', '2026-10-25', '01:30', 'Antarctica/Troll', '2026-10-24T23:30:00'],
    ['a gap at midnight', '2026-04-24', '00:00', 'Africa/Cairo', '2026-04-23T22:00:00'],
    ['the day before the skipped one', '2011-12-29', '08:00', 'Pacific/Apia', '2011-12-29T18:00:00'],
    ['the skipped day, moved on by it', '2011-12-30', '08:00', 'Pacific/Apia', '2011-12-30T18:00:00'],
    ['the day behind it, at the same', '2011-12-31', '08:00', 'Pacific/Apia', '2011-12-30T18:00:00'],
    ['a quarter of an hour', '2026-01-01', '12:00', 'Asia/Kathmandu', '2026-01-01T06:15:00'],
    ['14 hours ahead', '2026-01-01', '00:00', 'Pacific/Kiritimati', '2025-12-31T10:00:00'],
    ['before there was daylight saving', '1900-06-01', '12:00', 'Europe/Berlin', '1900-06-01T11:00:00'],
    ['far ahead', '2500-07-01', '12:00', 'America/New_York', '2500-07-01T16:00:00'],
    ['at the first of all days', '0001-01-01', '00:00', 'UTC', '0001-01-01T00:00:00'],
    ['at the last of all days', '9999-12-31', '23:59', 'UTC', '9999-12-31T23:59:00'],
    ['under another spelling', '2026-07-15', '08:30', 'europe/BERLIN', '2026-07-15T06:30:00'],
  ])('%s: %s %s %s', (_, date, time, zone, expected) => {
    expect(instantOfLocal(date, time, zone)).toBe(instantFromText(`${expected}Z`));
  });

  test('an unknown zone is an error', () => {
    expect(() => instantOfLocal('2026-01-01', '00:00', 'Nowhere')).toThrow(RangeError);
  });

  test.each(['24:00', '8:30', '08:60', '08:30:60', 'noon', ''])('%j is no time of day', (time) => {
    expect(() => instantOfLocal('2026-01-01', time, 'UTC')).toThrow(TypeError);
  });
});

describe('an instant becomes a date and a time in a zone', () => {
  test.each([
    ['2026-07-15T22:30:00.000001', 'Europe/Berlin', '2026-07-16', '00:30:00.000001'],
    ['2026-03-29T00:59:59.999999', 'Europe/Berlin', '2026-03-29', '01:59:59.999999'],
    ['2026-03-29T01:00:00', 'Europe/Berlin', '2026-03-29', '03:00:00.000000'],
    ['2026-10-25T00:30:00', 'Europe/Berlin', '2026-10-25', '02:30:00.000000'],
    ['2026-10-25T01:30:00', 'Europe/Berlin', '2026-10-25', '02:30:00.000000'],
    ['2011-12-30T09:59:59', 'Pacific/Apia', '2011-12-29', '23:59:59.000000'],
    ['2011-12-30T10:00:00', 'Pacific/Apia', '2011-12-31', '00:00:00.000000'],
    ['1969-12-31T23:59:59.999999', 'UTC', '1969-12-31', '23:59:59.999999'],
    ['0001-01-01T00:00:00', 'UTC', '0001-01-01', '00:00:00.000000'],
    ['1889-12-31T12:00:00', 'Europe/Berlin', '1889-12-31', '12:53:28.000000'],
  ])('%s in %s', (text, zone, date, time) => {
    const instant = instantFromText(`${text}Z`);

    expect([localDateOf(instant, zone), localTimeOf(instant, zone)]).toEqual([date, time]);
  });

  test('outside the calendar is an error', () => {
    expect(() => localDateOf(instantFromText('9999-12-31T23:00:00Z'), 'Asia/Tokyo')).toThrow(RangeError);
  });
});

test('in every zone, instants over two years survive the conversion to local time and back', () => {
  const start = instantFromText('2025-01-01T00:07:00Z');
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    for (let hour = 0n; hour < 17_520n; hour += 61n) {
      const instant = start + hour * 3_600_000_000n;
      const back = instantOfLocal(localDateOf(instant, zone), localTimeOf(instant, zone), zone);
      const isRepeated = back < instant && localTimeOf(back, zone) === localTimeOf(instant, zone);
      if (back !== instant && !isRepeated) {
        expect.fail(`${zone}: ${instantToText(instant)} came back as ${instantToText(back)}`);
      }
    }
  }
});

test.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['US/Eastern', true],
  ['America/Argentina/Buenos_Aires', true],
  ['Etc/GMT+5', true],
  ['+02:00', false],
  ['Berlin', false],
  ['', false],
])('%j is a zone: %s', (text, expected) => {
  expect(isTimeZone(text)).toBe(expected);
});

test('the first valid zone is used, and UTC when there is none', () => {
  expect(firstTimeZone('Asia/Tokyo', 'Europe/Berlin')).toBe('Asia/Tokyo');
  expect(firstTimeZone(null, 'Europe/Berlin')).toBe('Europe/Berlin');
  expect(firstTimeZone('Mars/Olympus', 'Europe/Berlin')).toBe('Europe/Berlin');
  expect(firstTimeZone('', undefined)).toBe('UTC');
});

test('a hundred thousand conversions take no more than a second of the processor', () => {
  const before = process.cpuUsage();
  for (let index = 0; index < 100_000; index += 1) {
    instantOfLocal(`20${20 + (index % 10)}-07-${10 + (index % 20)}`, '08:30', 'America/New_York');
  }
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
});
