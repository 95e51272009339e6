/** Days of the calendar without a zone: their spelling, their order and the distance between them. */

/** `YYYY-MM-DD` in the years 0001 to 9999; as text in the order of the calendar. */
export type CivilDate = string;

/** `HH:MM`, `HH:MM:SS` or with up to six decimals, from 00:00 to below 24:00. */
export type CivilTime = string;

export const SECONDS_OF_DAY = 86_400;

const MS_OF_DAY = 86_400_000;
const DAYS_OF_400_YEARS = 146_097;

/** Whether the text is a day that the calendar has. */
export function isCivilDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!match) {
    return false;
  }
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth(year, month);
}

/** Whether the text is a time of day as a person writes it: `HH:MM`, from 00:00 to 23:59. */
export function isHourAndMinute(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

/** Days since 1970-01-01. The date must be one. */
export function dayNumberOf(date: CivilDate): number {
  // Date.UTC takes the years 0 to 99 for those of the 20th century; the calendar repeats itself every 400 years.
  const later = Date.UTC(yearOf(date) + 400, Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10)));
  return later / MS_OF_DAY - DAYS_OF_400_YEARS;
}

/** The day this number of days after 1970-01-01; undefined outside the years 1 to 9999. */
export function dateOfDayNumber(dayNumber: number): CivilDate | undefined {
  if (dayNumber < FIRST_DAY || dayNumber > LAST_DAY) {
    return undefined;
  }
  return new Date(dayNumber * MS_OF_DAY).toISOString().slice(0, 10);
}

const FIRST_DAY = dayNumberOf('0001-01-01');
const LAST_DAY = dayNumberOf('9999-12-31');

/** The day this number of days later, or earlier; undefined outside the years 1 to 9999. */
export function addDays(date: CivilDate, days: number): CivilDate | undefined {
  return dateOfDayNumber(dayNumberOf(date) + days);
}

/** 1 is Monday, 7 Sunday. */
export function weekdayOf(date: CivilDate): number {
  // 1970-01-01 was a Thursday.
  return ((((dayNumberOf(date) + 3) % 7) + 7) % 7) + 1;
}

export function yearOf(date: CivilDate): number {
  return Number(date.slice(0, 4));
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Microseconds since midnight on the clock. Throws a TypeError for an invalid time of day. */
export function microsOfTime(time: CivilTime): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?$/.exec(time);
  if (!match) {
    throw new TypeError(`Not a time of day: ${time}`);
  }
  const [, hour, minute, second = '0', fraction = ''] = match;
  return (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1e6 + Number(fraction.padEnd(6, '0'));
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) {
    return isLeapYear(year) ? 29 : 28;
  }
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
