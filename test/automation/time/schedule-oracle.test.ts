/**
 * Twenty schedules in every zone of IANA's over ten years, against a second implementation that lists all that there
 * is. `npm run schedules` covers the years 1980 to 2037; SCHEDULE_YEARS changes them.
 */
import { describe, expect, test, vi } from 'vitest';
import { createOccurrences } from '../../../src/automation/time/athlete-occurrences.ts';
import { createTicks } from '../../../src/automation/time/recurring.ts';
import type { DateSchedule, Recurrence } from '../../../src/automation/time/time-schedule.ts';
import { cronWallTimes, everyWallTimes, type YearlyCase, yearlyWallTimes } from './oracle/wall-times.ts';
import { allInstantsOf, firstInstantOf, spansOf, type ZoneSpan } from './oracle/zone-spans.ts';

// In these years Samoa skipped a day, and Egypt, Morocco, Russia, Venezuela and North Korea changed their minds.
const [FROM_YEAR = 2010, TO_YEAR = 2019] = (process.env.SCHEDULE_YEARS ?? '2010-2019').split('-').map(Number);
const ZONES = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
const HOUR = 3_600;

vi.setConfig({ testTimeout: 30_000 + (TO_YEAR - FROM_YEAR) * 5_000 });

const SEED = 20_260_329;

const hm = (at: string) => Number(at.slice(0, 2)) * HOUR + Number(at.slice(3)) * 60;
const micros = (seconds: number) => BigInt(seconds) * 1_000_000n;
const START = Date.UTC(FROM_YEAR, 0, 3) / 1000;
const END = Date.UTC(TO_YEAR, 11, 29) / 1000;

/** Dense: looked at around each change of the zone's offset and in one ordinary week. */
const RECURRENCES: readonly {
  name: string;
  recurrence: Recurrence;
  isDense: boolean;
  isInterval: boolean;
  wallTimes: number[];
}[] = [
  cron('30 2 * * *', true),
  cron('*/15 * * * *', true),
  cron('0 * * * *', true),
  cron('10,35 0-3 * * SUN,4-6', true),
  cron('15 1 * * 0'),
  cron('0 0 1 * *'),
  cron('45 23 31 1-12/2 *'),
  cron('0 3 29 FEB *'),
  cron('30 0 13 * FRI'),
  every('2009-12-30', 3, '00:30'),
  every('2010-02-28', 14, '02:15'),
];

function cron(text: string, isDense = false) {
  const wallTimes = cronWallTimes(text, FROM_YEAR, TO_YEAR + 1);
  const isInterval = text.split(' ')[1] === '*';
  return { name: text, recurrence: { kind: 'cron' as const, text }, isDense, isInterval, wallTimes };
}

function every(startingOn: string, days: number, at: string) {
  const wallTimes = everyWallTimes({ startingOn, days, at: hm(at) }, FROM_YEAR, TO_YEAR + 1);
  const kept = { isDense: false, isInterval: false };
  const name = `every ${days} days from ${startingOn} at ${at}`;
  return { name, recurrence: { kind: 'every' as const, days, at, startingOn }, ...kept, wallTimes };
}

/** Every one for a day of birth or another first day. */
const YEARLY: readonly { schedule: DateSchedule; first: string; firstYear: number }[] = [
  birthday('1990-02-29', '02:30', 0, 'FEB28'),
  birthday('1992-02-29', '00:00', 0, 'MAR1'),
  birthday('1996-02-29', '23:59', -1, 'SKIP'),
  birthday('1988-12-30', '08:00', 3, 'FEB28'),
  birthday('1975-01-02', '00:30', -7, 'FEB28'),
  anniversary('2003-03-28', '02:30', 1, 1),
  anniversary('2001-10-26', '01:30', 0, 12),
];

function birthday(first: string, at: string, offsetDays: number, feb29: YearlyCase['feb29']) {
  return {
    schedule: { kind: 'birthday' as const, at, offsetDays, feb29 },
    first,
    firstYear: yearAfter(first, 1),
  };
}

function anniversary(first: string, at: string, offsetDays: number, minYears: number) {
  const schedule = { kind: 'anniversary' as const, field: 'custom.joined_on', at, offsetDays, minYears };
  return { schedule: { ...schedule, feb29: 'FEB28' as const }, first, firstYear: yearAfter(first, minYears) };
}

function yearAfter(first: string, years: number): number {
  return Number(first.slice(0, 4)) + years;
}

const DATES = ['2011-03-13', '2011-12-30', '2014-10-26', '2016-02-29'];

describe.each(chunksOf(ZONES, 60))('in the zones from %s on', (_, zones) => {
  test.each(RECURRENCES)('$name', (each) => {
    const { recurrence, isDense } = each;
    for (const zone of zones) {
      const spans = spansIn(zone);
      const ticks = createTicks({ kind: 'recurring_schedule', zone, recurrence });
      for (const { from, to } of isDense ? windowsOf(spans) : [{ from: START, to: END }]) {
        const expected = instantsWithin(each, spans, from, to);
        const found: number[] = [];
        for (
          let tick = ticks.next(micros(from));
          tick !== undefined && tick < micros(to);
          tick = ticks.next(tick)
        ) {
          found.push(Number(tick / 1_000_000n));
        }
        expectSame(found, expected, zone);
      }
    }
  });

  test('the next tick after any instant around a clock change is the first one', () => {
    const ticks = RECURRENCES.filter(({ isDense }) => isDense);
    for (const zone of zones) {
      const spans = spansIn(zone);
      for (const each of ticks) {
        const { recurrence } = each;
        const { next } = createTicks({ kind: 'recurring_schedule', zone, recurrence });
        for (const change of changesOf(spans).slice(0, 6)) {
          const expected = instantsWithin(each, spans, change - 3 * HOUR, change + 9 * 24 * HOUR);
          for (let after = change - 2 * HOUR; after < change + 3 * HOUR; after += 17 * 60) {
            expectSame(
              [Number((next(micros(after)) ?? 0n) / 1_000_000n)],
              [firstAfter(expected, after)],
              zone,
            );
          }
        }
      }
    }
  });

  test.each(YEARLY)('$schedule.kind of $first', ({ schedule, first, firstYear }) => {
    const [month = 0, day = 0] = first.slice(5).split('-').map(Number);
    const { feb29 = 'FEB28', offsetDays, at = '' } = schedule as Extract<DateSchedule, { feb29: string }>;
    const days = yearlyWallTimes({ month, day, feb29, offsetDays, at: hm(at) }, firstYear, TO_YEAR + 2);
    for (const zone of zones) {
      const spans = spansIn(zone);
      const expected = days
        .map(({ year, wall }) => ({ key: `${year}`, instant: firstInstantOf(wall, spans) }))
        .filter(({ instant }) => instant > START && instant < END);
      const occurrences = createOccurrences(schedule, { kind: 'date', date: first }, zone);
      const found: { key: string; instant: number }[] = [];
      let next = occurrences.next(micros(START));
      while (next && next.plannedAt < micros(END)) {
        expect(occurrences.ofKey(next.key)).toEqual(next);
        found.push({ key: next.key, instant: Number(next.plannedAt / 1_000_000n) });
        next = occurrences.next(next.plannedAt);
      }
      expectSame(found, expected, zone);
    }
  });

  test.each([
    ['02:30', 0],
    ['00:00', -30],
  ])('scheduled_date at %s, %i days on', (at, offsetDays) => {
    const schedule = { kind: 'scheduled_date' as const, field: 'custom.race', at, offsetDays };
    for (const zone of zones) {
      const spans = spansIn(zone);
      for (const date of DATES) {
        const wall = Date.parse(`${date}T${at}:00Z`) / 1000 + offsetDays * 24 * HOUR;
        const next = createOccurrences(schedule, { kind: 'date', date }, zone).next(0n);
        expectSame([Number((next?.plannedAt ?? 0n) / 1_000_000n)], [firstInstantOf(wall, spans)], zone);
      }
    }
  });
});

const spansByZone = new Map<string, ZoneSpan[]>();

/** With all years that first days and dates are in, and some more, so that offsets in days find theirs. */
function spansIn(zone: string): ZoneSpan[] {
  const spans =
    spansByZone.get(zone) ?? spansOf(zone, Math.min(FROM_YEAR, 1976) - 1, Math.max(TO_YEAR, 2016) + 3);
  spansByZone.set(zone, spans);
  return spans;
}

function changesOf(spans: readonly ZoneSpan[]): number[] {
  return spans.map(({ from }) => from).filter((from) => from > START && from < END);
}

function windowsOf(spans: readonly ZoneSpan[]): { from: number; to: number }[] {
  const ordinary = START + (SEED % 300) * 24 * HOUR;
  return [
    ...changesOf(spans).map((change) => ({ from: change - 14 * HOUR, to: change + 30 * HOUR })),
    { from: ordinary, to: ordinary + 7 * 24 * HOUR },
  ];
}

function instantsWithin(
  { wallTimes, isInterval }: (typeof RECURRENCES)[number],
  spans: readonly ZoneSpan[],
  from: number,
  to: number,
) {
  const slice = wallTimes.slice(
    indexAfter(wallTimes, from - 48 * HOUR),
    indexAfter(wallTimes, to + 48 * HOUR),
  );
  const instants = slice.flatMap((wall) =>
    isInterval ? allInstantsOf(wall, spans) : [firstInstantOf(wall, spans)],
  );
  return [...new Set(instants)].filter((each) => each > from && each < to).sort((a, b) => a - b);
}

/** How many of the times, which are in order, are not after the one. */
function indexAfter(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    [low, high] = (times[middle] ?? 0) > time ? [low, middle] : [middle + 1, high];
  }
  return low;
}

function firstAfter(instants: readonly number[], after: number): number | undefined {
  return instants.find((instant) => instant > after);
}

/** Compares as text, because a hundred thousand calls of expect() would take most of the time. */
function expectSame(found: readonly unknown[], expected: readonly unknown[], zone: string): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    expect(found, zone).toEqual(expected);
  }
}

function chunksOf(zones: readonly string[], size: number): [string, string[]][] {
  const chunks: [string, string[]][] = [];
  for (let start = 0; start < zones.length; start += size) {
    chunks.push([`${zones[start]}`, zones.slice(start, start + size)]);
  }
  return chunks;
}
