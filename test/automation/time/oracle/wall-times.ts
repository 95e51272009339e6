/** A second opinion on calendars: every day of the span is looked at, and every minute of the days that match. */

const DAY = 86_400;

const NAMES: Readonly<Record<string, number>> = {
  ...{ JAN: 1, FEB: 2, MAR: 3, APR: 4, MAY: 5, JUN: 6, JUL: 7, AUG: 8, SEP: 9, OCT: 10, NOV: 11, DEC: 12 },
  ...{ SUN: 0, MON: 1, TUE: 2, WED: 3, THU: 4, FRI: 5, SAT: 6 },
};

/** Every wall time that a cron text names, in seconds, from the start of one year to that of another. */
export function cronWallTimes(text: string, fromYear: number, toYear: number): number[] {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = text.split(' ');
  const times: number[] = [];
  for (let hours = 0; hours < 24; hours += 1) {
    for (let minutes = 0; minutes < 60; minutes += 1) {
      if (names(hour, hours, 0, 23) && names(minute, minutes, 0, 59)) {
        times.push(hours * 3600 + minutes * 60);
      }
    }
  }
  const matches = (date: Date) => {
    const byMonth = names(dayOfMonth, date.getUTCDate(), 1, 31);
    const weekday = date.getUTCDay();
    const byWeek = names(dayOfWeek, weekday, 0, 7) || (weekday === 0 && names(dayOfWeek, 7, 0, 7));
    const isDay = dayOfMonth === '*' || dayOfWeek === '*' ? byMonth && byWeek : byMonth || byWeek;
    return isDay && names(month, date.getUTCMonth() + 1, 1, 12);
  };
  return daysOf(fromYear, toYear)
    .filter((day) => matches(new Date(day * 1000)))
    .flatMap((day) => times.map((time) => day + time));
}

/** Every n days from a first day on, at a time of day in seconds. */
export function everyWallTimes(
  { startingOn, days, at }: { startingOn: string; days: number; at: number },
  fromYear: number,
  toYear: number,
): number[] {
  const first = Date.parse(`${startingOn}T00:00:00Z`) / 1000;
  return daysOf(fromYear, toYear)
    .filter((day) => day >= first && ((day - first) / DAY) % days === 0)
    .map((day) => day + at);
}

/** The day of each year, moved by days, at a time in seconds. Date itself rolls 29 February over to March. */
export function yearlyWallTimes(
  { month, day, feb29, offsetDays, at }: YearlyCase,
  fromYear: number,
  toYear: number,
): { year: number; wall: number }[] {
  const found: { year: number; wall: number }[] = [];
  for (let year = fromYear; year < toYear; year += 1) {
    const rolled = new Date(Date.UTC(year, month - 1, day));
    const isRolled = rolled.getUTCDate() !== day;
    if (!isRolled || feb29 !== 'SKIP') {
      const date = isRolled && feb29 === 'FEB28' ? new Date(Date.UTC(year, 1, 28)) : rolled;
      found.push({ year, wall: date.getTime() / 1000 + offsetDays * DAY + at });
    }
  }
  return found;
}

export interface YearlyCase {
  readonly month: number;
  readonly day: number;
  readonly feb29: 'FEB28' | 'MAR1' | 'SKIP';
  readonly offsetDays: number;
  readonly at: number;
}

function daysOf(fromYear: number, toYear: number): number[] {
  const days: number[] = [];
  for (let day = Date.UTC(fromYear, 0) / 1000; day < Date.UTC(toYear, 0) / 1000; day += DAY) {
    days.push(day);
  }
  return days;
}

function names(field: string, value: number, least: number, most: number): boolean {
  return field.split(',').some((item) => {
    const [range = '', step] = item.split('/');
    const [low = '', high] = range.split('-');
    const from = range === '*' ? least : numberOf(low);
    const to = range === '*' ? most : numberOf(high ?? low);
    return value >= from && value <= to && (value - from) % Number(step ?? '1') === 0;
  });
}

function numberOf(text: string): number {
  return NAMES[text] ?? Number(text);
}
