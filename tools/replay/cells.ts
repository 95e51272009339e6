/** Reads single cells of a log: dates, decimals and whole numbers as apps and spreadsheets write them. */
import { Decimal } from 'decimal.js';
import { type Instant, instantFromText } from '../../src/values/instant.ts';
import { UnusableRow, type UnusedReason } from './training-log.ts';

/** What a day without a time of day stands for: the same date in every zone from UTC-11 to UTC+11. */
const NOON = '12:00:00';
/** What the wire takes. */
const WEIGHT_PLACES = 6;
const WEIGHT_LIMIT = '1e12';

const DATE =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?(?:[\s\u202f]?([ap])\.?m\.?)?Z?)?$/i;

/**
 * A day, or a day and a time of day with 24 or 12 hours. Logs have no zones: the time is taken as UTC. Throws
 * BAD_DATE, also for days that no calendar has.
 */
export function readDate(text: string): Instant {
  const match = DATE.exec(text);
  const [, day, hour, minute, second = '00', half] = match ?? [];
  const time = hour === undefined ? NOON : `${hourOfDay(Number(hour), half)}:${minute}:${second}`;
  const iso = `${day}T${time}Z`;
  if (!match || !isOnTheCalendar(iso)) {
    throw new UnusableRow('BAD_DATE', quoted(text));
  }
  return instantFromText(iso);
}

function hourOfDay(hour: number, half: string | undefined): string {
  const isOfTwelve = half === undefined || (hour >= 1 && hour <= 12);
  const afternoon = half?.toLowerCase() === 'p' ? 12 : 0;
  const of24 = half === undefined ? hour : (hour % 12) + afternoon;
  return isOfTwelve ? String(of24).padStart(2, '0') : '99';
}

function isOnTheCalendar(iso: string): boolean {
  const date = new Date(iso);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso.slice(0, -1));
}

/** A weight, from 0; apps that convert units leave long fractions, which are rounded. Throws BAD_WEIGHT. */
export function readWeight(text: string, hasDecimalComma: boolean): string {
  const plain = hasDecimalComma ? text.replace(',', '.') : text;
  const weight = /^\d+(\.\d*)?$/.test(plain) ? new Decimal(plain) : undefined;
  if (!weight?.lt(WEIGHT_LIMIT)) {
    throw new UnusableRow('BAD_WEIGHT', quoted(text));
  }
  return weight.toDecimalPlaces(WEIGHT_PLACES).toFixed();
}

/** A whole number from `least` to 1000; `5.0` is one as well. Throws the reason. */
export function readCount(text: string, least: number, reason: UnusedReason): number {
  const count = /^\d{1,4}([.,]0*)?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (!(count >= least && count <= 1000)) {
    throw new UnusableRow(reason, quoted(text));
  }
  return count;
}

/** From 0 to 10 in tenths; empty: null. Throws BAD_RPE. */
export function readRpe(text: string): string | null {
  if (text === '') {
    return null;
  }
  const match = /^(\d{1,2})(?:[.,](\d)?0*)?$/.exec(text);
  const rpe = match ? new Decimal(`${match[1]}.${match[2] ?? 0}`) : undefined;
  if (!rpe?.lte(10)) {
    throw new UnusableRow('BAD_RPE', quoted(text));
  }
  return rpe.toFixed();
}

/** What was found in place of a value, short enough for a line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}
