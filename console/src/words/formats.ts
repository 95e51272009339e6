/** Times, weights and counts as the console writes them. */

import type { DescEnum } from '@bufbuild/protobuf';
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const SHORT_DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
const MOMENT = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
});
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const formatDay = (at: Timestamp | undefined) => (at ? DAY.format(timestampDate(at)) : '–');
export const formatShortDay = (at: Timestamp | undefined) => (at ? SHORT_DAY.format(timestampDate(at)) : '–');
export const formatMoment = (at: Timestamp | undefined) => (at ? MOMENT.format(timestampDate(at)) : '–');
export const formatClock = (at: Timestamp | undefined) => (at ? CLOCK.format(timestampDate(at)) : '–');

/** The unit that weights are shown in; `as stored` shows them as the service has them. */
export type ShownUnit = 'as stored' | 'kg' | 'lb';

const KG_PER_LB = 0.45359237;

/** A stored weight in the unit to be shown. */
export function convertWeight(value: number, stored: WeightUnit, shown: ShownUnit): number {
  if (shown === 'as stored' || stored === WeightUnit.UNSPECIFIED || nameOf(stored) === shown) {
    return value;
  }
  return shown === 'kg' ? value * KG_PER_LB : value / KG_PER_LB;
}

/** A weight with its unit, to at most two decimals, such as `62.5 kg`. */
export function formatWeight(value: string | number, stored: WeightUnit, shown: ShownUnit): string {
  const unit = stored === WeightUnit.UNSPECIFIED ? '' : shown === 'as stored' ? nameOf(stored) : shown;
  return `${formatNumber(convertWeight(Number(value), stored, shown))}${unit && `\u00a0${unit}`}`;
}

/** At most two decimals, with a real minus. */
export function formatNumber(value: number): string {
  return `${Math.round(value * 100) / 100}`.replace('-', '−');
}

/** `+2.5` or `−7.5`. */
export function formatDelta(value: number): string {
  return `${value > 0 ? '+' : ''}${formatNumber(value)}`;
}

export function nameOf(unit: WeightUnit): 'kg' | 'lb' | '' {
  return unit === WeightUnit.KILOGRAM ? 'kg' : unit === WeightUnit.POUND ? 'lb' : '';
}

/** `1 set`, `3 sets`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-GB')} ${noun}${count === 1 ? '' : 's'}`;
}

/** The value of an enum in words, such as `Completed`. */
export function enumWords(schema: DescEnum, value: number): string {
  return sentenceCase(schema.value[value]?.localName ?? `${value}`);
}

const ABBREVIATIONS = /\b(amrap|http|id|json|rm|rpe|url)\b/g;

/** `DOUBLE_PROGRESSION` → `Double progression`, `day-a` → `Day a`, `ONE_RM` → `One RM`. */
export function sentenceCase(name: string): string {
  const words = name.toLowerCase().replaceAll(/[_-]/g, ' ');
  const text = words.replaceAll(ABBREVIATIONS, (abbreviation) => abbreviation.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `day-a` → `Day A`. */
export function dayName(slug: string): string {
  return sentenceCase(slug).replace(/ (\w)$/, (_, letter: string) => ` ${letter.toUpperCase()}`);
}
