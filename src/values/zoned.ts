/** Converts civil dates and times to instants, and instants to local dates and times. */
import { Temporal } from 'temporal-polyfill';
import {
  type CivilDate,
  type CivilTime,
  dateOfDayNumber,
  dayNumberOf,
  microsOfTime,
  SECONDS_OF_DAY,
} from './civil-date.ts';
import type { Instant } from './instant.ts';

/** Whether the text names a zone of IANA's; an offset such as +02:00 is none: it knows no daylight saving. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) {
    return false;
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** Whose zone counts: the first that is one, as in (the athlete's, the account's), else UTC. */
export function firstTimeZone(...candidates: readonly (string | null | undefined)[]): string {
  return (
    candidates.find(
      (zone) => zone && (zone === 'UTC' || spansByZone.has(zone.toLowerCase()) || isTimeZone(zone)),
    ) ?? 'UTC'
  );
}

/**
 * The instant at which clocks in the zone show this date and time. In a DST gap it is shifted forward by the gap; in an
 * overlap it is the first of the two. Throws a RangeError for an unknown zone.
 */
export function instantOfLocal(date: CivilDate, time: CivilTime, zone: string): Instant {
  const micros = microsOfTime(time);
  const wallSeconds = dayNumberOf(date) * SECONDS_OF_DAY + Math.floor(micros / 1e6);
  return instantOfWall(wallSeconds, zone) + BigInt(micros % 1e6);
}

/** The same for a wall time as a number: the seconds since 1970 of that time in UTC. */
export function instantOfWall(wallSeconds: number, zone: string): Instant {
  const before = offsetAt(wallSeconds - SECONDS_OF_DAY, zone);
  const after = offsetAt(wallSeconds + SECONDS_OF_DAY, zone);
  // The offset of the day before gives the first of two times in an overlap, and shifts a time in a gap forward by it.
  const isChanged =
    offsetAt(wallSeconds - before, zone) !== before && offsetAt(wallSeconds - after, zone) === after;
  return BigInt(wallSeconds - (isChanged ? after : before)) * 1_000_000n;
}

/** What clocks in the zone show, as such a number. Throws a RangeError for an unknown zone. */
export function wallSecondsOf(instant: Instant, zone: string): number {
  const seconds = Number((instant - microsOfSecond(instant)) / 1_000_000n);
  return seconds + offsetAt(seconds, zone);
}

/** The day on a calendar in the zone. Throws a RangeError for an unknown zone, or outside the years 1 to 9999. */
export function localDateOf(instant: Instant, zone: string): CivilDate {
  const date = dateOfDayNumber(Math.floor(wallSecondsOf(instant, zone) / SECONDS_OF_DAY));
  if (date === undefined) {
    throw new RangeError('The day is outside the years 1 to 9999');
  }
  return date;
}

/** What clocks in the zone show, `HH:MM:SS.ffffff`. Throws a RangeError for an unknown zone. */
export function localTimeOf(instant: Instant, zone: string): CivilTime {
  const clock = new Date(wallSecondsOf(instant, zone) * 1000).toISOString().slice(-13, -5);
  return `${clock}.${microsOfSecond(instant).toString().padStart(6, '0')}`;
}

function microsOfSecond(instant: Instant): bigint {
  return ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
}

/** A period in which a zone keeps its offset, in seconds since 1970; `to` is no part of it. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** By the name in lower case: however it is spelled, there are no more than IANA has zones. */
const spansByZone = new Map<string, Span[]>();

/** Spans are kept of these years: asking for far ones must not fill the memory. */
const KEPT_FROM = Date.UTC(1970, 0) / 1000;
const KEPT_TO = Date.UTC(2100, 0) / 1000;

/** Seconds to add to UTC. Computing them takes some 10 µs, looking them up a hundredth of that. */
function offsetAt(seconds: number, zone: string): number {
  const key = zone.toLowerCase();
  const spans = spansByZone.get(key);
  const known = spans?.find(({ from, to }) => from <= seconds && seconds < to);
  if (known) {
    return known.offset;
  }
  const span = spanAt(seconds, zone);
  if (seconds >= KEPT_FROM && seconds < KEPT_TO) {
    spansByZone.set(key, [span, ...(spans ?? [])]);
  }
  return span.offset;
}

/** From when a zone keeps which offset: both in seconds, the first since 1970. */
export interface OffsetChange {
  readonly from: number;
  readonly offset: number;
}

/** By the name in lower case. */
const changesByZone = new Map<string, readonly OffsetChange[]>();

/**
 * The zone's offset in 1970 and its changes up to the year 2100, in order. Takes some 25 ms of a zone with summer time,
 * the first time. Throws a RangeError for an unknown zone.
 */
export function offsetChangesIn(zone: string): readonly OffsetChange[] {
  const key = zone.toLowerCase();
  const known = changesByZone.get(key);
  if (known) {
    return known;
  }
  const changes: OffsetChange[] = [];
  let at: Temporal.ZonedDateTime | null = zonedAt(KEPT_FROM, zone);
  while (at && at.epochMilliseconds < KEPT_TO * 1000) {
    changes.push({ from: at.epochMilliseconds / 1000, offset: at.offsetNanoseconds / 1e9 });
    at = at.getTimeZoneTransition('next');
  }
  changesByZone.set(key, changes);
  return changes;
}

function spanAt(seconds: number, zone: string): Span {
  const within = zonedAt(seconds, zone);
  const start = zonedAt(seconds + 1, zone).getTimeZoneTransition('previous');
  const end = within.getTimeZoneTransition('next');
  return {
    from: start ? start.epochMilliseconds / 1000 : -Infinity,
    to: end ? end.epochMilliseconds / 1000 : Infinity,
    offset: within.offsetNanoseconds / 1e9,
  };
}

function zonedAt(seconds: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(seconds * 1000).toZonedDateTimeISO(zone);
}
