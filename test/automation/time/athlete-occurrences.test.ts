/** Birthdays, anniversaries and scheduled dates: which years, which days, which instants, which keys. */
import { describe, expect, test } from 'vitest';
import { createOccurrences } from '../../../src/automation/time/athlete-occurrences.ts';
import type { DateValue } from '../../../src/automation/time/occurrence.ts';
import type {
  AnniversarySchedule,
  BirthdaySchedule,
  ScheduledDateSchedule,
} from '../../../src/automation/time/time-schedule.ts';
import { instantFromText, instantToText } from '../../../src/values/instant.ts';

const date = (text: string): DateValue => ({ kind: 'date', date: text });
const timestamp = (text: string): DateValue => ({ kind: 'timestamp', instant: instantFromText(text) });
const at = (text: string) => instantFromText(`${text.length === 10 ? `${text}T00:00:00` : text}Z`);

const BIRTHDAY: BirthdaySchedule = { kind: 'birthday', at: '09:00', offsetDays: 0, feb29: 'FEB28' };
const ANNIVERSARY: AnniversarySchedule = {
  ...BIRTHDAY,
  kind: 'anniversary',
  field: 'custom.joined_on',
  minYears: 1,
};
const SCHEDULED: ScheduledDateSchedule = {
  kind: 'scheduled_date',
  field: 'custom.race_on',
  offsetDays: 0,
  at: '09:00',
};

/** Key and UTC time of the next ones. */
function nextOnes(
  schedule: Parameters<typeof createOccurrences>[0],
  value: DateValue,
  zone: string,
  after: string,
  count: number,
): string[] {
  const occurrences = createOccurrences(schedule, value, zone);
  const found: string[] = [];
  let next = occurrences.next(at(after));
  while (next && found.length < count) {
    found.push(`${next.key} ${instantToText(next.plannedAt).slice(0, 16)}`);
    next = occurrences.next(next.plannedAt);
  }
  return found;
}

describe('a birthday', () => {
  test('occurs every year, at the time of day in the athlete’s zone', () => {
    expect(nextOnes(BIRTHDAY, date('1990-07-15'), 'Europe/Berlin', '2026-01-01', 2)).toEqual([
      '2026 2026-07-15T07:00',
      '2027 2027-07-15T07:00',
    ]);
    expect(nextOnes(BIRTHDAY, date('1990-07-15'), 'Pacific/Auckland', '2026-01-01', 1)).toEqual([
      '2026 2026-07-14T21:00',
    ]);
  });

  test('has its day and the age', () => {
    const next = createOccurrences(BIRTHDAY, date('1990-07-15'), 'UTC').next(at('2026-01-01'));

    expect(next).toMatchObject({ key: '2026', date: '2026-07-15', years: 36 });
  });

  test('at the current instant is not the next', () => {
    expect(nextOnes(BIRTHDAY, date('1990-07-15'), 'UTC', '2026-07-15T08:59:59', 1)).toEqual([
      '2026 2026-07-15T09:00',
    ]);
    expect(nextOnes(BIRTHDAY, date('1990-07-15'), 'UTC', '2026-07-15T09:00:00', 1)).toEqual([
      '2027 2027-07-15T09:00',
    ]);
  });

  test('does not occur on the day of birth or before', () => {
    expect(nextOnes(BIRTHDAY, date('2026-07-15'), 'UTC', '2026-07-01', 1)).toEqual(['2027 2027-07-15T09:00']);
    expect(nextOnes(BIRTHDAY, date('2026-07-15'), 'UTC', '2020-07-01', 1)).toEqual(['2027 2027-07-15T09:00']);
  });

  test.each([
    // offset   born          after         expected: keys are the birthday's year, not the occurrence's
    [-7, '1990-01-03', '2026-12-01', ['2027 2026-12-27T09:00', '2028 2027-12-27T09:00']],
    [3, '1990-12-30', '2026-12-31', ['2026 2027-01-02T09:00', '2027 2028-01-02T09:00']],
    [
      366,
      '1990-07-15',
      '2026-01-01',
      ['2025 2026-07-16T09:00', '2026 2027-07-16T09:00', '2027 2028-07-15T09:00'],
    ],
    [-366, '1990-07-15', '2026-01-01', ['2027 2026-07-14T09:00', '2028 2027-07-15T09:00']],
    [-1, '1990-03-01', '2027-02-01', ['2027 2027-02-28T09:00', '2028 2028-02-29T09:00']],
    [1, '1992-02-29', '2027-02-01', ['2027 2027-03-01T09:00', '2028 2028-03-01T09:00']],
  ])('%i days after that of %s', (offsetDays, born, after, expected) => {
    const found = nextOnes({ ...BIRTHDAY, offsetDays }, date(born), 'UTC', after, expected.length);

    expect(found).toEqual(expected);
  });

  test.each([
    ['FEB28', ['2026 2026-02-28', '2027 2027-02-28', '2028 2028-02-29', '2029 2029-02-28']],
    ['MAR1', ['2026 2026-03-01', '2027 2027-03-01', '2028 2028-02-29', '2029 2029-03-01']],
    ['SKIP', ['2028 2028-02-29', '2032 2032-02-29', '2036 2036-02-29', '2040 2040-02-29']],
  ] as const)('on 29 February with %s', (feb29, expected) => {
    const found = nextOnes({ ...BIRTHDAY, feb29 }, date('1992-02-29'), 'UTC', '2026-01-01', 4);

    expect(found.map((each) => each.slice(0, 15))).toEqual(expected);
  });

  test('on 29 February passes over the year 2100', () => {
    const skipping = { ...BIRTHDAY, feb29: 'SKIP' as const };

    expect(nextOnes(skipping, date('1992-02-29'), 'UTC', '2096-03-01', 1)).toEqual(['2104 2104-02-29T09:00']);
    expect(nextOnes(BIRTHDAY, date('1992-02-29'), 'UTC', '2099-03-01', 1)).toEqual(['2100 2100-02-28T09:00']);
    expect(nextOnes(skipping, date('1992-02-29'), 'UTC', '2000-01-01', 1)).toEqual(['2000 2000-02-29T09:00']);
  });

  test.each([
    ['in a gap', 'Europe/Berlin', '1990-03-29', '02:30', '2026 2026-03-29T01:30'],
    ['in an overlap', 'Europe/Berlin', '1990-10-25', '02:30', '2026 2026-10-25T00:30'],
    ['in a gap of half an hour', 'Australia/Lord_Howe', '1990-10-04', '02:10', '2026 2026-10-03T15:40'],
    ['in a gap of two hours', 'Antarctica/Troll', '1990-03-29', '02:59', '2026 2026-03-29T02:59'],
  ])('%s in %s', (_, zone, born, time, expected) => {
    expect(nextOnes({ ...BIRTHDAY, at: time }, date(born), zone, '2026-01-01', 1)).toEqual([expected]);
  });

  test('on the day that Samoa skipped occurs the day after', () => {
    const found = nextOnes(BIRTHDAY, date('1990-12-30'), 'Pacific/Apia', '2011-01-01', 1);

    expect(found).toEqual(['2011 2011-12-30T19:00']);
  });

  test('is found by its key, and by no other text', () => {
    const { ofKey, next } = createOccurrences(BIRTHDAY, date('1992-02-29'), 'Asia/Tokyo');

    expect(ofKey('2027')).toEqual(next(at('2027-01-01')));
    expect(['1992', '1991', '027', '2027.0', '', 'x', '10000', '-001'].map(ofKey)).toEqual(
      Array(8).fill(undefined),
    );
    const skipping = createOccurrences({ ...BIRTHDAY, feb29: 'SKIP' }, date('1992-02-29'), 'UTC');
    expect(skipping.ofKey('2027')).toBeUndefined();
  });

  test('of a timestamp does not occur', () => {
    expect(nextOnes(BIRTHDAY, timestamp('1990-07-15T00:00:00Z'), 'UTC', '2026-01-01', 1)).toEqual([]);
  });

  test('does not occur at the end of the calendar', () => {
    expect(nextOnes(BIRTHDAY, date('1990-07-15'), 'UTC', '9998-01-01', 3)).toEqual(['9998 9998-07-15T09:00']);
  });
});

describe('an anniversary', () => {
  test.each([
    [1, '2024-05-01', '2025 2025-05-01T09:00'],
    [2, '2024-05-01', '2026 2026-05-01T09:00'],
    [10, '2024-05-01', '2034 2034-05-01T09:00'],
    [1, '2010-05-01', '2024 2024-05-01T09:00'],
  ])('counts from year %i on after %s', (minYears, first, expected) => {
    expect(nextOnes({ ...ANNIVERSARY, minYears }, date(first), 'UTC', '2024-04-30', 1)).toEqual([expected]);
  });

  test('has the number of years', () => {
    const next = createOccurrences(ANNIVERSARY, date('2020-05-01'), 'UTC').next(at('2026-01-01'));

    expect(next).toMatchObject({ date: '2026-05-01', years: 6 });
  });

  test('of a timestamp is on its day in the athlete’s zone', () => {
    const value = timestamp('2020-12-31T23:30:00Z');

    expect(nextOnes(ANNIVERSARY, value, 'UTC', '2026-01-01', 1)).toEqual(['2026 2026-12-31T09:00']);
    expect(nextOnes(ANNIVERSARY, value, 'Asia/Tokyo', '2026-06-01', 1)).toEqual(['2027 2027-01-01T00:00']);
    expect(nextOnes(ANNIVERSARY, value, 'Asia/Tokyo', '2021-06-01', 1)).toEqual(['2022 2022-01-01T00:00']);
  });

  test('can be days before or after, like a birthday', () => {
    const schedule = { ...ANNIVERSARY, offsetDays: -14 };

    expect(nextOnes(schedule, date('2020-01-08'), 'UTC', '2026-12-01', 1)).toEqual(['2027 2026-12-25T09:00']);
  });
});

describe('a scheduled date', () => {
  test('occurs once', () => {
    expect(nextOnes(SCHEDULED, date('2026-07-15'), 'Europe/Berlin', '2026-01-01', 3)).toEqual([
      '2026-07-15 2026-07-15T07:00',
    ]);
    expect(nextOnes(SCHEDULED, date('2026-07-15'), 'Europe/Berlin', '2026-07-16', 3)).toEqual([]);
  });

  test.each([
    [-7, '2026-01-03', '2026-01-03 2025-12-27T09:00'],
    [30, '2025-12-15', '2025-12-15 2026-01-14T09:00'],
    [-3_660, '2034-01-08', '2034-01-08 2024-01-01T09:00'],
    [3_660, '2015-12-22', '2015-12-22 2025-12-29T09:00'],
  ])('%i days after %s', (offsetDays, value, expected) => {
    expect(nextOnes({ ...SCHEDULED, offsetDays }, date(value), 'UTC', '2020-01-01', 1)).toEqual([expected]);
  });

  test('of a timestamp occurs at its own time, with the same key in every zone', () => {
    const schedule = { ...SCHEDULED, at: undefined };
    const value = timestamp('2026-10-25T01:30:00.000001Z');
    const expected = { key: '2026-10-25T01:30:00.000001Z', plannedAt: at('2026-10-25T01:30:00.000001') };

    for (const zone of ['Europe/Berlin', 'Pacific/Auckland']) {
      expect(createOccurrences(schedule, value, zone).next(at('2026-01-01'))).toMatchObject(expected);
    }
  });

  test('days before a timestamp occurs at the same time of day', () => {
    const schedule = { ...SCHEDULED, at: undefined, offsetDays: -1 };
    const found = nextOnes(schedule, timestamp('2026-03-29T10:00:00Z'), 'Europe/Berlin', '2026-01-01', 1);

    expect(found).toEqual(['2026-03-29T10:00:00.000000Z 2026-03-28T11:00']);
  });

  test('of a timestamp can have a time of its own', () => {
    const found = nextOnes(SCHEDULED, timestamp('2026-07-15T23:00:00Z'), 'Europe/Berlin', '2026-01-01', 1);

    expect(found).toEqual(['2026-07-15T23:00:00.000000Z 2026-07-16T07:00']);
  });

  test('of a date without a time of day never occurs', () => {
    expect(nextOnes({ ...SCHEDULED, at: undefined }, date('2026-07-15'), 'UTC', '2026-01-01', 1)).toEqual([]);
  });

  test('is found by its key while the field holds the value', () => {
    const { ofKey } = createOccurrences(SCHEDULED, date('2026-07-15'), 'UTC');

    expect(ofKey('2026-07-15')).toMatchObject({ plannedAt: at('2026-07-15T09:00:00') });
    expect(ofKey('2026-07-16')).toBeUndefined();
  });

  test.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z'])(
    'at the end of the calendar, %s',
    (text) => {
      for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
        expect(nextOnes(SCHEDULED, timestamp(text), zone, '0003-01-01', 1)).toEqual([]);
        expect(nextOnes(ANNIVERSARY, timestamp(text), zone, '2026-01-01', 1)).toEqual([]);
      }
    },
  );

  test('moved off the calendar never occurs', () => {
    const schedule = { ...SCHEDULED, offsetDays: 3_660 };

    expect(nextOnes(schedule, date('9995-01-01'), 'UTC', '2026-01-01', 1)).toEqual([]);
  });
});
