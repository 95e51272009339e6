/** Times and lengths of time as proto3 JSON writes them; protobuf's own decoder lets more pass, and reads it otherwise. */

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(Z|[+-](\d\d):(\d\d))$/;
const TIME_EXAMPLE = 'such as "2026-11-30T18:00:00Z"';
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59Z');

/** What is wrong with a google.protobuf.Timestamp; undefined: nothing. */
export function timestampFault(text: string): string | undefined {
  const match = TIME.exec(text);
  if (!match) {
    return `must be a time with date, time of day and zone, ${TIME_EXAMPLE}`;
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12) {
    return `must be a time that exists: the months are 01 to 12, ${TIME_EXAMPLE}`;
  }
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (day < 1 || day > days) {
    return `must be a time that exists: ${match[1]}-${match[2]} has ${days} days, ${TIME_EXAMPLE}`;
  }
  if (hour > 23 || minute > 59 || second > 59 || Number(match[8] ?? 0) > 23 || Number(match[9] ?? 0) > 59) {
    return `must be a time that exists: times of day are 00:00:00 to 23:59:59, ${TIME_EXAMPLE}`;
  }
  const ms = Date.parse(text.replace(/\.\d+/, ''));
  return ms >= FIRST_MS && ms <= LAST_MS ? undefined : `must be in the years 1 to 9999, ${TIME_EXAMPLE}`;
}

const DURATION = /^-?\d{1,12}(?:\.\d{1,9})?s$/;
const LONGEST_S = 315_576_000_000;
const SECONDS_OF: Readonly<Record<string, number>> = { m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** What is wrong with a google.protobuf.Duration; undefined: nothing. */
export function durationFault(text: string): string | undefined {
  if (!DURATION.test(text)) {
    return `must be in seconds, ${durationExample(text)}`;
  }
  const isShort = Math.abs(Number(text.slice(0, -1))) <= LONGEST_S;
  return isShort ? undefined : `must be at most ${LONGEST_S} seconds, such as "3600s"`;
}

/** What was meant, where that can be told; otherwise any. */
function durationExample(text: string): string {
  const [, amount, unit = ''] = /^(\d{1,6}) ?(m|min|h|d|w)$/.exec(text) ?? [];
  const seconds = Number(amount) * Number(SECONDS_OF[unit]);
  return Number.isFinite(seconds) ? `here "${seconds}s"` : 'such as "3600s"';
}
