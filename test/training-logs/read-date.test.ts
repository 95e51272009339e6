/** Dates as apps write them and as spreadsheets save them again. */
import { describe, expect, test } from 'vitest';
import { findDateOrder, readDate } from '../../src/training-logs/read-date.ts';
import type { DateOrder } from '../../src/training-logs/training-log.ts';
import { instantToText } from '../../src/values/instant.ts';

const read = (text: string, order: DateOrder | null) => instantToText(readDate(text, order)).slice(0, 19);

test.each<[string, DateOrder | null, string]>([
  ['2026/08/11', null, '2026-08-11T12:00:00'],
  ['2026-8-1 7:05', null, '2026-08-01T07:05:00'],
  ['2026-01-22 06:00:00 +0000', null, '2026-01-22T06:00:00'],
  ['2026-01-22 06:00:00 -0530', null, '2026-01-22T11:30:00'],
  ['3/4/2024 18:00', 'MONTH_FIRST', '2024-03-04T18:00:00'],
  ['3/4/2024 6:00 PM', 'MONTH_FIRST', '2024-03-04T18:00:00'],
  ['03/04/2024', 'DAY_FIRST', '2024-04-03T12:00:00'],
  ['19/11/18', 'DAY_FIRST', '2018-11-19T12:00:00'],
  ['04-03-2024 18:00', 'DAY_FIRST', '2024-03-04T18:00:00'],
  ['04.03.2024 18:00', null, '2024-03-04T18:00:00'],
  ['4.3.24', 'MONTH_FIRST', '2024-03-04T12:00:00'],
  ['5/5/2024', null, '2024-05-05T12:00:00'],
  ['8 Apr 2026, 16:50', null, '2026-04-08T16:50:00'],
  ['8-Apr-26', null, '2026-04-08T12:00:00'],
  ['08-Apr-2026 16:50:07', null, '2026-04-08T16:50:07'],
  ['18 sept. 2026, 17:31', null, '2026-09-18T17:31:00'],
  ['19 mar 2026, 20:16', null, '2026-03-19T20:16:00'],
  ['2. März 2026, 09:00', null, '2026-03-02T09:00:00'],
  ['3 août 2026', null, '2026-08-03T12:00:00'],
  ['1 dic 2025, 20:34', null, '2025-12-01T20:34:00'],
])('%s, %s: %s', (text, order, expected) => {
  expect(read(text, order)).toBe(expected);
});

test.each<[string, DateOrder | null]>([
  ['3/4/2024', null],
  ['16/05/2018', 'MONTH_FIRST'],
  ['05/16/2018', 'DAY_FIRST'],
  ['31.02.2024', null],
  ['3/4-2024', 'DAY_FIRST'],
  ['45355', 'DAY_FIRST'],
  ['8 Smarch 2026', null],
  ['2024-03-04 25:00', null],
  ['2024-03-04 18:00 tomorrow', null],
  [`2024-03-04${' '.repeat(100_000)}x`, null],
])('%s, %s, is not a date', (text, order) => {
  expect(() => readDate(text, order)).toThrow(/^not a date: "/);
});

describe('the order of day and month', () => {
  test.each<[string[], DateOrder | null]>([
    [['03/12/18', '19/11/18'], 'DAY_FIRST'],
    [['03/12/18', '05/16/18'], 'MONTH_FIRST'],
    [['2024-03-04', '04.03.2024', '8 Apr 2026'], null],
    [['05/05/2024', '6/6/24 18:00'], null],
    [['03/12/18', '99/11/18', '13/13/2018', '16/05/2018 18:00'], 'DAY_FIRST'],
    [['yesterday', ''], null],
  ])('of %j is %s', (texts, expected) => {
    expect(findDateOrder(texts)).toBe(expected);
  });

  test('is refused when no date shows it', () => {
    expect(() => findDateOrder(['03/03/2024', '03/04/2024', '12/01/2024'])).toThrow(
      /^the file does not show whether "03\/04\/2024" has the day or the month first: /,
    );
  });

  test('is refused when two dates contradict each other', () => {
    expect(() => findDateOrder(['16/05/2018', '05/17/2018'])).toThrow(
      /^the file has dates with the day first, such as "16\/05\/2018", and .* such as "05\/17\/2018"$/,
    );
  });
});
