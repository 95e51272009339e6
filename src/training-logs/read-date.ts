/** Reads the dates of a log: ISO dates, what spreadsheets make of them, and dates with the month's name. */
import { type Instant, instantFromText } from '../values/instant.ts';
import { type DateOrder, quoted, TrainingLogError, UnreadableRow } from './training-log.ts';

/** The time of a day without a time of day: noon UTC is the same date in every zone from UTC-11 to UTC+11. */
const NOON = { hour: '12', minute: '00', second: '00', zone: 'Z' };

const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/;
const YEAR_LAST = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)$/;
const NAMED_MONTH = /^(\d{1,2})[-. ]{1,2}(\p{L}{3,10})\.?[- ](\d{4}|\d\d)$/u;
const TIME =
  /^(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d+)?[\s\u202f]*(?:([ap])\.?\s?m\.?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;
/** A day, and the rest after a space, a comma or a T. */
const DAY_AND_TIME = /^(.*?\d)(?:(?:,?[\s\u202f]+|T)(\d{1,2}:.*))?$/;
/** The longest date; the patterns are slow for long runs of spaces. */
const LENGTH_LIMIT = 60;

/** In English, German, French and Spanish, short and long, without accents: apps use the language of the phone. */
const MONTHS = [
  'jan january januar janv janvier ene enero',
  'feb february februar fev fevr fevrier febrero',
  'mar march marz mrz mars marzo',
  'apr april avr avril abr abril',
  'may mai mayo',
  'jun june juni juin junio',
  'jul july juli juil juillet julio',
  'aug august aou aout ago agosto',
  'sep sept september septembre septiembre',
  'oct october okt oktober octobre octubre',
  'nov november novembre noviembre',
  'dec december dez dezember decembre dic diciembre',
].map((names) => names.split(' '));

/**
 * A day, or a day and a time of day with 24 or 12 hours. Without a zone the time is taken as UTC. Years of two digits
 * are of this century. Throws BAD_DATE, also for impossible days, and for an ambiguous day and month when `order` is
 * null.
 */
export function readDate(text: string, order: DateOrder | null): Instant {
  const { day, time } = splitDate(text);
  const date = isoDate(day, order);
  const { hour, minute, second, zone } = (time === undefined ? NOON : readTime(time)) ?? {};
  if (date === undefined || hour === undefined || !isOnTheCalendar(`${date}T${hour}:${minute}:${second}`)) {
    throw new UnreadableRow('BAD_DATE', quoted(text));
  }
  return instantFromText(`${date}T${hour}:${minute}:${second}${zone}`);
}

/**
 * The order of day and month in a file, found from a day above 12. Null: the order makes no difference. Throws
 * TrainingLogError DATE_ORDER_UNKNOWN when no date shows it, or when dates contradict each other.
 */
export function findDateOrder(texts: readonly string[]): DateOrder | null {
  const pairs = texts.map((text) => numericDayAndMonth(splitDate(text).day));
  const dayFirst = pairs.find((pair) => pair && isDayAbove12(pair.first) && isMonth(pair.second));
  const monthFirst = pairs.find((pair) => pair && isMonth(pair.first) && isDayAbove12(pair.second));
  if (dayFirst && monthFirst) {
    throw new TrainingLogError(
      'DATE_ORDER_UNKNOWN',
      `the file has dates with the day first, such as ${dayFirst.text}, and with the month first, such as ${monthFirst.text}`,
    );
  }
  const undecided = pairs.find(
    (pair) => pair && isMonth(pair.first) && isMonth(pair.second) && pair.first !== pair.second,
  );
  if (undecided && !dayFirst && !monthFirst) {
    throw new TrainingLogError(
      'DATE_ORDER_UNKNOWN',
      `the file does not show whether ${undecided.text} has the day or the month first: no date of it has a day above 12`,
    );
  }
  return dayFirst ? 'DAY_FIRST' : monthFirst ? 'MONTH_FIRST' : null;
}

const isMonth = (value: number) => value >= 1 && value <= 12;
const isDayAbove12 = (value: number) => value > 12 && value <= 31;

function splitDate(text: string): { day: string; time: string | undefined } {
  const [, day = '', time] = (text.length <= LENGTH_LIMIT && DAY_AND_TIME.exec(text)) || [];
  return { day, time };
}

/** Dates with points always have the day first. */
function numericDayAndMonth(text: string): { text: string; first: number; second: number } | undefined {
  const [, first, mark, second] = YEAR_LAST.exec(text) ?? [];
  return first === undefined || second === undefined || mark === '.'
    ? undefined
    : { text: quoted(text), first: Number(first), second: Number(second) };
}

function isoDate(text: string, order: DateOrder | null): string | undefined {
  const [, isoYear, , isoMonth, isoDay] = YEAR_FIRST.exec(text) ?? [];
  if (isoYear !== undefined) {
    return dateText(isoYear, isoMonth, isoDay);
  }
  const [, namedDay, name, namedYear] = NAMED_MONTH.exec(text) ?? [];
  if (name !== undefined) {
    const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
    const month = MONTHS.findIndex((names) => names.includes(plain)) + 1;
    return month === 0 ? undefined : dateText(namedYear, String(month), namedDay);
  }
  const [, first, mark, second, year] = YEAR_LAST.exec(text) ?? [];
  if (mark === '.' || order === 'DAY_FIRST') {
    return dateText(year, second, first);
  }
  return order === 'MONTH_FIRST' || Number(first) === Number(second)
    ? dateText(year, first, second)
    : undefined;
}

function dateText(year = '', month = '', day = ''): string {
  return `${year.padStart(4, '20')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function readTime(text: string): typeof NOON | undefined {
  const [, hour, minute = '', second = '00', half, zone = 'Z'] = TIME.exec(text) ?? [];
  const hours = hour === undefined ? undefined : hourOfDay(Number(hour), half?.toLowerCase());
  return hours === undefined ? undefined : { hour: hours, minute, second, zone: zone.toUpperCase() };
}

function hourOfDay(hour: number, half: string | undefined): string | undefined {
  if (half !== undefined && (hour < 1 || hour > 12)) {
    return undefined;
  }
  const of24 = half === undefined ? hour : (hour % 12) + (half === 'p' ? 12 : 0);
  return String(of24).padStart(2, '0');
}

function isOnTheCalendar(iso: string): boolean {
  const date = new Date(`${iso}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}
