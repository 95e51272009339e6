/** A second opinion on zones: offsets as Intl prints them, and wall times looked up in the list of all of them. */

/** Seconds since 1970; `to` is no part of it. */
export interface ZoneSpan {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

const DAY = 86_400;

/** The zone's offsets from the start of one year to that of another, in order. */
export function spansOf(zone: string, fromYear: number, toYear: number): ZoneSpan[] {
  const offsetAt = offsetReader(zone);
  const end = Date.UTC(toYear, 0) / 1000;
  const spans: ZoneSpan[] = [];
  let from = Date.UTC(fromYear, 0) / 1000;
  let offset = offsetAt(from);
  for (let day = from; day < end; day += DAY) {
    const next = offsetAt(day + DAY);
    if (next !== offset) {
      const change = bisect(day, day + DAY, (seconds) => offsetAt(seconds) !== offset);
      spans.push({ from, to: change, offset });
      from = change;
      offset = next;
    }
  }
  return [...spans, { from, to: Number.POSITIVE_INFINITY, offset }];
}

/** The first instant at which clocks show the wall time; in a gap, shifted forward by the gap. */
export function firstInstantOf(wall: number, spans: readonly ZoneSpan[]): number {
  const shown = spans.find(({ from, to, offset }) => from <= wall - offset && wall - offset < to);
  if (shown) {
    return wall - shown.offset;
  }
  const before = spans.find(({ to, offset }, index) => {
    const behind = spans[index + 1];
    return behind && to + offset <= wall && wall < to + behind.offset;
  });
  if (!before) {
    throw new Error(`No clock shows ${wall}, and none skips it`);
  }
  return wall - before.offset;
}

/** Every instant at which clocks show the wall time, or the one to which a gap shifts it. */
export function allInstantsOf(wall: number, spans: readonly ZoneSpan[]): number[] {
  const shown = spans.filter(({ from, to, offset }) => from <= wall - offset && wall - offset < to);
  return shown.length > 0 ? shown.map(({ offset }) => wall - offset) : [firstInstantOf(wall, spans)];
}

function offsetReader(zone: string): (seconds: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  return (seconds) => {
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(seconds * 1000));
    if (!match) {
      throw new Error(`Intl prints no offset for ${zone}`);
    }
    const [, sign, hours = '0', minutes = '0', rest = '0'] = match;
    return (Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)) * (sign === '-' ? -1 : 1);
  };
}

/** The first whole second for which it holds; it holds at `high`, and not at `low`. */
function bisect(low: number, high: number, holds: (seconds: number) => boolean): number {
  let [no, yes] = [low, high];
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (holds(middle)) {
      yes = middle;
    } else {
      no = middle;
    }
  }
  return yes;
}
