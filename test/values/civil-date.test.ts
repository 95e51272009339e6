/** The calendar: which days it has, and how far apart they are. */
import { expect, test } from 'vitest';
import {
  addDays,
  dateOfDayNumber,
  dayNumberOf,
  isCivilDate,
  isHourAndMinute,
  microsOfTime,
  weekdayOf,
} from '../../src/values/civil-date.ts';

test.each([
  ['2024-02-29', true],
  ['2000-02-29', true],
  ['0001-01-01', true],
  ['9999-12-31', true],
  ['2026-02-29', false],
  ['1900-02-29', false],
  ['2026-04-31', false],
  ['2026-00-10', false],
  ['2026-13-10', false],
  ['2026-01-00', false],
  ['0000-01-01', false],
  ['2026-1-1', false],
  ['2026-01-01\n', false],
  ['2026-01-01T00:00', false],
])('%j is a day: %s', (text, expected) => {
  expect(isCivilDate(text)).toBe(expected);
});

test.each([
  ['2026-01-31', 1, '2026-02-01'],
  ['2024-02-28', 1, '2024-02-29'],
  ['2026-01-01', -1, '2025-12-31'],
  ['0099-12-31', 1, '0100-01-01'],
  ['2026-03-01', 3_660, '2036-03-08'],
  ['9999-12-31', 1, undefined],
  ['0001-01-01', -1, undefined],
])('%s and %i days is %s', (date, days, expected) => {
  expect(addDays(date, days)).toBe(expected);
});

test('days are counted from 1970, in both directions', () => {
  expect(dayNumberOf('1970-01-01')).toBe(0);
  expect(dayNumberOf('1969-12-31')).toBe(-1);
  for (let day = dayNumberOf('0001-01-01'); day <= dayNumberOf('9999-12-31'); day += 11) {
    const date = dateOfDayNumber(day);
    if (date === undefined || !isCivilDate(date) || dayNumberOf(date) !== day) {
      expect.fail(`${day} became ${date}`);
    }
  }
});

test.each([
  ['2026-07-13', 1],
  ['2026-07-19', 7],
  ['1969-12-29', 1],
  ['0001-01-01', 1],
])('%s is day %i of its week', (date, expected) => {
  expect(weekdayOf(date)).toBe(expected);
});

test('a time of day is read to the microsecond', () => {
  expect(microsOfTime('00:00')).toBe(0);
  expect(microsOfTime('23:59:59.999999')).toBe(86_399_999_999);
  expect(microsOfTime('00:00:00.5')).toBe(500_000);
});

test('hours and minutes are read as people write them', () => {
  expect(['00:00', '23:59', '09:05'].every(isHourAndMinute)).toBe(true);
  expect(['24:00', '9:05', '09:60', '09:05:00', '', '09-05'].some(isHourAndMinute)).toBe(false);
});
