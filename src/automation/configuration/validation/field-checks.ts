/** Checks of single fields, each of which returns no violation or one; and the error with all violations. */

import type { DescEnum } from '@bufbuild/protobuf';
import { listed, shown } from '../../../calls/shown-text.ts';
import { type FieldViolation, invalidFields } from '../../../errors/domain-error.ts';
import { describeTextProblem } from '../../../filters/typed-values.ts';
import { isCivilDate, isHourAndMinute } from '../../../values/civil-date.ts';
import { isTimeZone } from '../../../values/zoned.ts';

export function checkTimeZone(text: string, field: string): FieldViolation[] {
  const rule = 'must be an IANA time zone, such as Europe/Berlin';
  return violationUnless(isTimeZone(text), field, `${rule}; was ${shown(text)}`);
}

export function checkTimeOfDay(text: string, field: string): FieldViolation[] {
  const rule = 'must be a time of day from 00:00 to 23:59';
  return violationUnless(isHourAndMinute(text), field, `${rule}; was ${shown(text)}`);
}

export function checkDay(text: string, field: string): FieldViolation[] {
  const rule = 'must be a day of the calendar, such as 2026-12-25';
  return violationUnless(isCivilDate(text), field, `${rule}; was ${shown(text)}`);
}

/** Both bounds are inclusive. */
export function checkNumber(value: number, least: number, most: number, field: string): FieldViolation[] {
  const range = `${least.toLocaleString('en')} to ${most.toLocaleString('en')}`;
  return violationUnless(
    value >= least && value <= most,
    field,
    `must be ${range}; was ${value.toLocaleString('en')}`,
  );
}

/** A decimal that is not negative, with the precision of the column: 12 digits before the point, 6 after it. */
export function isWeight(text: string): boolean {
  return /^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(text);
}

export function violationUnless(isRight: boolean, field: string, description: string): FieldViolation[] {
  return isRight ? [] : [{ field, description }];
}

/** `least` to `most` characters, without control characters other than tab and line break. */
export function checkText(text: string, least: number, most: number, field: string): FieldViolation[] {
  const characters = text.length > 2 * most ? text.length : [...text].length;
  const isRight = characters >= least && characters <= most && isPrintable(text);
  const length = least === 0 ? `at most ${count(most)}` : `${count(least)} to ${count(most)}`;
  return violationUnless(isRight, field, `must have ${length} characters, none of them a control character`);
}

/** The same on one line, and not only blanks. */
export function checkWord(text: string, most: number, field: string): FieldViolation[] {
  const isWord = text.trim() === text && text !== '' && !/[\t\n\r]/.test(text);
  const fault = {
    field,
    description: `must have 1 to ${count(most)} characters, without blanks around them`,
  };
  return isWord ? checkText(text, 1, most, field) : [fault];
}

/** A value that the enum defines, except the ones that the field does not accept. */
export function checkEnum(
  schema: DescEnum,
  value: number,
  field: string,
  refused: readonly number[] = [],
): FieldViolation[] {
  const isRight = schema.value[value] !== undefined && !refused.includes(value);
  const name = schema.value[value]?.name ?? `${value}`;
  const allowed = schema.values.filter(({ number }) => number !== 0 && !refused.includes(number));
  return violationUnless(isRight, field, `must be ${listed(allowed.map((each) => each.name))}; was ${name}`);
}

/** A protobuf Duration. */
export interface Span {
  readonly seconds: bigint;
  readonly nanos: number;
}

const DAY_S = 86_400n;
const NANOS_OF_SECOND = 1_000_000_000n;

/** A duration between a number of seconds and a number of days, valid by protobuf's rules. */
export function checkSpan(
  { seconds, nanos }: Span,
  { leastS, mostDays }: { leastS: number; mostDays: number },
  field: string,
): FieldViolation[] {
  const isDuration = nanos >= 0 && BigInt(nanos) < NANOS_OF_SECOND;
  const length = seconds * NANOS_OF_SECOND + BigInt(nanos);
  const most = BigInt(mostDays) * DAY_S * NANOS_OF_SECOND;
  const isRight = isDuration && length >= BigInt(leastS) * NANOS_OF_SECOND && length <= most;
  return violationUnless(
    isRight,
    field,
    `must be from ${leastS} s to ${count(mostDays)} days; was ${seconds} s`,
  );
}

function isPrintable(text: string): boolean {
  return describeTextProblem(text) === undefined && !/[\p{Cc}--[\t\n\r]]/v.test(text);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

/** Throws VALIDATION_FAILED with all violations, if there are any. */
export function requireNone(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}
