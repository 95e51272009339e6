/** When it is open, and when next: overnight, around the clock, on holidays, and where clocks change. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { isOpen, nextOpening } from '../../../src/automation/time/business-hours.ts';
import { BusinessHoursSchema } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { instantFromText, instantToText } from '../../../src/values/instant.ts';

/** `1 09:00-17:00`: on Mondays; `1-5 09:00-17:00`: on each of those days. */
function calendar(timeZone: string, spans: readonly string[], holidays: readonly string[] = []) {
  const intervals = spans.flatMap((span) => {
    const [days = '', hours = ''] = span.split(' ');
    const [from = 0, to = from] = days.split('-').map(Number);
    const [opens = '', closes = ''] = hours.split('-');
    return Array.from({ length: to - from + 1 }, (_, index) => ({ weekday: from + index, opens, closes }));
  });
  return create(BusinessHoursSchema, { timeZone, intervals, holidays: [...holidays] });
}

const at = (text: string) => instantFromText(`${text}Z`);
const opening = (hours: ReturnType<typeof calendar>, text: string) =>
  instantToText(nextOpening(hours, at(text))).replace(/\.0{6}Z$/, '');

const OFFICE = calendar('Europe/Berlin', ['1-5 09:00-17:00'], ['2026-12-25', '2026-12-28']);
const BAR = calendar('Europe/Berlin', ['5-6 22:00-04:00'], ['2026-12-25']);

test.each([
  // 2026-07-13 is a Monday.
  ['OFFICE', '2026-07-13T06:59:59.999999', false],
  ['OFFICE', '2026-07-13T07:00:00', true],
  ['OFFICE', '2026-07-13T14:59:59.999999', true],
  ['OFFICE', '2026-07-13T15:00:00', false],
  ['OFFICE', '2026-07-18T10:00:00', false],
  ['OFFICE', '2026-12-25T10:00:00', false],
  ['OFFICE', '2026-12-29T10:00:00', true],
  ['BAR', '2026-07-17T19:59:59', false],
  ['BAR', '2026-07-17T20:00:00', true],
  ['BAR', '2026-07-18T01:59:59', true],
  ['BAR', '2026-07-18T02:00:00', false],
  ['BAR', '2026-07-19T01:00:00', true],
  ['BAR', '2026-07-20T01:00:00', false],
  // Nothing opens on the holiday; what opened the evening before a holiday closes on it.
  ['BAR', '2026-12-25T22:00:00', false],
  ['BAR', '2026-12-26T02:00:00', false],
  ['BAR', '2026-12-26T22:00:00', true],
] as const)('%s at %s is open: %s', (name, text, expected) => {
  expect(isOpen(name === 'OFFICE' ? OFFICE : BAR, at(text))).toBe(expected);
});

test('an interval that opened before a holiday stays open into it', () => {
  const hours = calendar('UTC', ['4 22:00-04:00'], ['2026-12-25']);

  expect(isOpen(hours, at('2026-12-25T03:59:00'))).toBe(true);
  expect(isOpen(hours, at('2026-12-25T04:00:00'))).toBe(false);
});

test.each([
  ['while open, now', '2026-07-13T10:00:00.000001', '2026-07-13T10:00:00.000001Z'],
  ['before the opening', '2026-07-13T03:00:00', '2026-07-13T07:00:00'],
  ['after closing', '2026-07-13T15:00:00', '2026-07-14T07:00:00'],
  ['over the weekend', '2026-07-17T15:00:00', '2026-07-20T07:00:00'],
  ['over holidays and a weekend', '2026-12-24T17:00:00', '2026-12-29T08:00:00'],
  ['over the change to winter', '2026-10-23T15:00:00', '2026-10-26T08:00:00'],
])('next opening %s', (_, text, expected) => {
  expect(opening(OFFICE, text)).toBe(expected);
});

describe('around the clock', () => {
  test.each([['00:00-24:00'], ['00:00-00:00'], ['08:30-08:30']])(
    '%s on every day never closes, also where clocks change',
    (hours) => {
      for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Cairo']) {
        const always = calendar(zone, [`1-7 ${hours}`]);
        for (let hour = 0n; hour < 8_760n; hour += 1n) {
          const instant = at('2026-01-01T00:20:00') + hour * 3_600_000_000n;
          if (!isOpen(always, instant)) {
            expect.fail(`${zone} is closed at ${instantToText(instant)}`);
          }
        }
      }
    },
  );

  test('from noon to noon lasts 24 hours', () => {
    const hours = calendar('UTC', ['1 12:00-12:00']);

    expect(isOpen(hours, at('2026-07-14T11:59:59'))).toBe(true);
    expect(isOpen(hours, at('2026-07-14T12:00:00'))).toBe(false);
    expect(opening(hours, '2026-07-14T12:00:00')).toBe('2026-07-20T12:00:00');
  });

  test('until 24:00 is until midnight', () => {
    const hours = calendar('UTC', ['1 18:00-24:00']);

    expect(isOpen(hours, at('2026-07-13T23:59:59.999999'))).toBe(true);
    expect(isOpen(hours, at('2026-07-14T00:00:00'))).toBe(false);
  });
});

describe('where clocks change', () => {
  test.each([
    [
      'opens in the gap: behind it',
      'Europe/Berlin',
      '7 02:30-05:00',
      '2026-03-28T12:00:00',
      '2026-03-29T01:30:00',
    ],
    [
      'lies in the gap: behind it',
      'Europe/Berlin',
      '7 02:15-02:45',
      '2026-03-28T12:00:00',
      '2026-03-29T01:15:00',
    ],
    [
      'turned around by the gap: a week later',
      'Europe/Berlin',
      '7 02:30-03:15',
      '2026-03-28T12:00:00',
      '2026-04-05T00:30:00',
    ],
    [
      'opens in the overlap: the first time',
      'Europe/Berlin',
      '7 02:30-05:00',
      '2026-10-24T12:00:00',
      '2026-10-25T00:30:00',
    ],
    [
      'over half an hour of gap',
      'Australia/Lord_Howe',
      '7 02:10-05:00',
      '2026-10-03T12:00:00',
      '2026-10-03T15:40:00',
    ],
    [
      'on the day that Samoa skipped: the next',
      'Pacific/Apia',
      '5 08:00-16:00',
      '2011-12-30T09:00:00',
      '2011-12-30T18:00:00',
    ],
  ])('%s', (_, zone, span, after, expected) => {
    expect(opening(calendar(zone, [span]), after)).toBe(expected);
  });

  test('a skipped opening is in order with the others', () => {
    const hours = calendar('Pacific/Apia', ['5 16:00-18:00', '6 08:00-10:00']);

    expect(opening(hours, '2011-12-30T09:00:00')).toBe('2011-12-30T18:00:00');
    expect(opening(hours, '2011-12-30T20:00:00')).toBe('2011-12-31T02:00:00');
  });

  test('an interval that closes on the day that Samoa skipped closes on the next day', () => {
    const hours = calendar('Pacific/Apia', ['4 23:00-22:00']);

    expect(isOpen(hours, at('2011-12-31T07:59:59'))).toBe(true);
    expect(isOpen(hours, at('2011-12-31T08:00:00'))).toBe(false);
  });

  test('an interval is open through the hour that clocks show twice', () => {
    const hours = calendar('Europe/Berlin', ['7 01:00-05:00']);

    expect(isOpen(hours, at('2026-10-25T00:30:00'))).toBe(true);
    expect(isOpen(hours, at('2026-10-25T01:30:00'))).toBe(true);
    expect(isOpen(hours, at('2026-10-25T04:00:00'))).toBe(false);
  });

  test('an interval that closes in that hour closes the first time', () => {
    const hours = calendar('Europe/Berlin', ['7 01:00-02:30']);

    expect(isOpen(hours, at('2026-10-25T00:29:59'))).toBe(true);
    expect(isOpen(hours, at('2026-10-25T01:15:00'))).toBe(false);
  });
});

test('the first of several that overlap', () => {
  const hours = calendar('UTC', ['1 14:00-18:00', '1 09:00-12:00', '1 10:00-15:00', '2 00:00-01:00']);

  expect(opening(hours, '2026-07-13T00:00:00')).toBe('2026-07-13T09:00:00');
  expect(opening(hours, '2026-07-13T13:00:00')).toBe('2026-07-13T13:00:00');
  expect(opening(hours, '2026-07-13T19:00:00')).toBe('2026-07-14T00:00:00');
});

test('a thousand holidays on Mondays are skipped', () => {
  const monday = at('2026-01-05T00:00:00');
  const week = 604_800_000_000n;
  const holidays = Array.from({ length: 1_000 }, (_, index) =>
    instantToText(monday + BigInt(index) * week).slice(0, 10),
  );

  expect(opening(calendar('UTC', ['1 09:00-17:00'], holidays), '2026-01-01T00:00:00')).toBe(
    '2045-03-06T09:00:00',
  );
});

test('at the next opening it is open, and before it is closed', () => {
  for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Cairo']) {
    const hours = calendar(zone, ['7 01:30-02:30', '5-6 23:30-00:30', '2 02:10-02:10'], ['2026-04-05']);
    for (let step = 0n; step < 2_000n; step += 1n) {
      const instant = at('2026-01-01T00:10:00') + step * 4n * 3_600_000_000n;
      const next = nextOpening(hours, instant);
      const isBefore = next > instant && isOpen(hours, next - 1n);
      if (!isOpen(hours, next) || isBefore || isOpen(hours, instant) !== (next === instant)) {
        expect.fail(`${zone}: ${instantToText(instant)} leads to ${instantToText(next)}`);
      }
    }
  }
});
