/** Instants to the microsecond: what PostgreSQL keeps, and what JavaScript's Date cannot. */

/** Microseconds since 1970-01-01T00:00:00Z. */
export type Instant = bigint;

/** Gives the present instant; injected so that tests can stand still. */
export type Clock = () => Instant;

/** The system's time, which follows its corrections; below the millisecond only to tell instants apart. */
export const systemClock: Clock = () =>
  BigInt(Date.now()) * 1000n + BigInt(Math.floor((performance.now() % 1) * 1000));

/** A PostgreSQL timestamptz in text, such as `2026-11-20 09:48:40.12+00` or its ISO form. */
export function instantFromText(text: string): Instant {
  const match =
    /^(\d{4,6})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::?\d\d)?)$/.exec(text);
  if (!match) {
    throw new TypeError(`Not a timestamp: ${text}`);
  }
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  const utcMs = Date.UTC(+`${year}`, +`${month}` - 1, +`${day}`, +`${hour}`, +`${minute}`, +`${second}`);
  return BigInt(utcMs) * 1000n + BigInt(fraction.padEnd(6, '0')) - offsetMicros(`${zone}`);
}

function offsetMicros(zone: string): bigint {
  if (zone === 'Z') {
    return 0n;
  }
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return BigInt(zone.startsWith('-') ? -minutes : minutes) * 60_000_000n;
}

/** ISO 8601 in UTC with six decimals, as in `2026-11-20T09:48:40.120000Z`. */
export function instantToText(instant: Instant): string {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const wholeSeconds = new Date(Number((instant - micros) / 1000n)).toISOString().slice(0, 19);
  return `${wholeSeconds}.${micros.toString().padStart(6, '0')}Z`;
}

/** From protobuf's seconds and nanoseconds; what is below a microsecond is cut. */
export function instantFromTimestamp(timestamp: { seconds: bigint; nanos: number }): Instant {
  return timestamp.seconds * 1_000_000n + BigInt(Math.trunc(timestamp.nanos / 1000));
}

export function instantToTimestamp(instant: Instant): { seconds: bigint; nanos: number } {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { seconds: (instant - micros) / 1_000_000n, nanos: Number(micros) * 1000 };
}
