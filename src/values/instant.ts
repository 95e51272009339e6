/**
 * Instants with microsecond precision, as PostgreSQL stores them; JavaScript's Date has milliseconds only.
 */
import { invalidFields } from '../errors/domain-error.ts';

/** Microseconds since 1970-01-01T00:00:00Z. */
export type Instant = bigint;

/** Returns the present instant. It is injected, so that tests can fix the time. */
export type Clock = () => Instant;

/** Parses a PostgreSQL timestamptz text, such as `2026-11-20 09:48:40.12+00`, or its ISO 8601 form. */
export function instantFromText(text: string): Instant {
  const match =
    /^(\d{4,6})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::?\d\d){0,2})$/.exec(text);
  if (!match) {
    throw new TypeError(`Not a timestamp: ${text}`);
  }
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  // Date.UTC maps the years 0 to 99 to 1900 to 1999. The Gregorian calendar repeats every 400 years, so a
  // shift avoids that.
  const laterMs = Date.UTC(
    +`${year}` + 400,
    +`${month}` - 1,
    +`${day}`,
    +`${hour}`,
    +`${minute}`,
    +`${second}`,
  );
  const utcMs = laterMs - MS_OF_400_YEARS;
  return BigInt(utcMs) * 1000n + BigInt(fraction.padEnd(6, '0')) - offsetMicros(`${zone}`);
}

const MS_OF_400_YEARS = 146_097 * 86_400_000;

function offsetMicros(zone: string): bigint {
  if (zone === 'Z') {
    return 0n;
  }
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4));
  const seconds = minutes * 60 + Number(digits.slice(4));
  return BigInt(zone.startsWith('-') ? -seconds : seconds) * 1_000_000n;
}

/** ISO 8601 in UTC with six decimals, as in `2026-11-20T09:48:40.120000Z`. */
export function instantToText(instant: Instant): string {
  if (instant !== latestText.of) {
    const latest = instant === earlierText.of ? earlierText : { of: instant, text: textOf(instant) };
    earlierText = latestText;
    latestText = latest;
  }
  return latestText.text;
}

/**
 * Formats both instants of an event once; rows of one event are written one after the other with the same
 * instants.
 */
let latestText = { of: 0n, text: '1970-01-01T00:00:00.000000Z' };
let earlierText = latestText;

function textOf(instant: Instant): string {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const wholeSeconds = new Date(Number((instant - micros) / 1000n)).toISOString().slice(0, 19);
  return `${wholeSeconds}.${micros.toString().padStart(6, '0')}Z`;
}

/** The range of a protobuf Timestamp, the years 1 to 9999; the wire format carries any number. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const MOST_NANOS = 999_999_999;

/** Reads the instant of a request field. Throws VALIDATION_FAILED for values that protobuf does not allow. */
export function instantOfField(timestamp: { seconds: bigint; nanos: number }, field: string): Instant {
  const { seconds, nanos } = timestamp;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos > MOST_NANOS) {
    throw invalidFields([{ field, description: 'must be a time in the years 1 to 9999' }]);
  }
  return instantFromTimestamp(timestamp);
}

/** From protobuf seconds and nanoseconds; digits below a microsecond are cut off. */
export function instantFromTimestamp(timestamp: { seconds: bigint; nanos: number }): Instant {
  return timestamp.seconds * 1_000_000n + BigInt(Math.trunc(timestamp.nanos / 1000));
}

export function instantToTimestamp(instant: Instant): { seconds: bigint; nanos: number } {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { seconds: (instant - micros) / 1_000_000n, nanos: Number(micros) * 1000 };
}
