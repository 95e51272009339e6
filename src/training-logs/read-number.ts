/** Reads the numbers of a log as apps and spreadsheets write them: weights in exact decimals, counts, RPE, units. */
import { Decimal } from 'decimal.js';
import {
  quoted,
  type RowFaultReason,
  TrainingLogError,
  UnreadableRow,
  type WeightUnit,
} from './training-log.ts';

/** What the weights of a file show of its decimal mark. */
export interface DecimalMarks {
  /** One of them can only be a decimal comma. */
  readonly comma: boolean;
  /** One of them can only be a decimal point. */
  readonly point: boolean;
  /** Its fields are divided by semicolons, as spreadsheets do where the comma is the decimal mark. */
  readonly semicolons: boolean;
}

/** What the wire takes. */
const WEIGHT_PLACES = 6;
const WEIGHT_LIMIT = '1e12';

const WEIGHT = /^\d+(?:([.,])\d*)?$/;
/** One to three digits, then exactly three: 1,250 and 1.250, not 0,125. */
const LIKE_THOUSANDS = /^[1-9]\d{0,2}[.,]\d{3}$/;

/** Looks at all weights of a file, so that each can be read alike. */
export function decimalMarksOf(texts: readonly string[], delimiter: string): DecimalMarks {
  const certain = texts.filter((text) => !LIKE_THOUSANDS.test(text)).map((text) => WEIGHT.exec(text)?.[1]);
  return { comma: certain.includes(','), point: certain.includes('.'), semicolons: delimiter === ';' };
}

/**
 * A weight above 0; apps that convert units leave long fractions, which are rounded to 6 places. Throws NO_WEIGHT for
 * an empty cell and for 0, which apps write where nothing was filled in; BAD_WEIGHT for what is no weight, and
 * AMBIGUOUS_WEIGHT for 1,250 where no other weight of the file tells decimals from thousands.
 */
export function readWeight(text: string, marks: DecimalMarks, exercise: string): string {
  if (text === '') {
    throw new UnreadableRow('NO_WEIGHT', exercise);
  }
  const mark = WEIGHT.exec(text);
  const weight = mark ? new Decimal(text.replace(',', '.')) : undefined;
  if (!weight?.lt(WEIGHT_LIMIT)) {
    throw new UnreadableRow('BAD_WEIGHT', quoted(text));
  }
  if (LIKE_THOUSANDS.test(text) && !isDecimal(mark?.[1], marks)) {
    throw new UnreadableRow('AMBIGUOUS_WEIGHT', quoted(text));
  }
  const rounded = weight.toDecimalPlaces(WEIGHT_PLACES);
  if (rounded.isZero()) {
    throw new UnreadableRow('NO_WEIGHT', exercise);
  }
  return rounded.toFixed();
}

/** Apps write points; a comma, or a point in a file with decimal commas, needs a witness. */
function isDecimal(mark: string | undefined, { comma, point, semicolons }: DecimalMarks): boolean {
  return mark === ',' ? (comma || semicolons) && !point : !comma;
}

/** A whole number from `least` to 1000; `5.0` is one as well. Throws the reason. */
export function readCount(text: string, least: number, reason: RowFaultReason): number {
  const count = /^\d{1,4}([.,]0*)?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (!(count >= least && count <= 1000)) {
    throw new UnreadableRow(reason, quoted(text));
  }
  return count;
}

/** Repetitions, from 1. Throws NO_REPS for an empty cell and for 0, which apps write for timed work. */
export function readReps(text: string, exercise: string): number {
  if (/^0*([.,]0*)?$/.test(text)) {
    throw new UnreadableRow('NO_REPS', exercise);
  }
  return readCount(text, 1, 'BAD_REPS');
}

/** From 0 to 10 in tenths; empty: null. Throws BAD_RPE. */
export function readRpe(text: string): string | null {
  if (text === '') {
    return null;
  }
  const match = /^(\d{1,2})(?:[.,](\d)?0*)?$/.exec(text);
  const rpe = match ? new Decimal(`${match[1]}.${match[2] ?? 0}`) : undefined;
  if (!rpe?.lte(10)) {
    throw new UnreadableRow('BAD_RPE', quoted(text));
  }
  return rpe.toFixed();
}

/** Empty: null. Throws BAD_UNIT. */
export function readUnit(text: string): WeightUnit | null {
  if (text === '') {
    return null;
  }
  const [, unit] = /^(kg|lb)s?$/i.exec(text) ?? [];
  if (unit === undefined) {
    throw new UnreadableRow('BAD_UNIT', quoted(text));
  }
  return unit.toLowerCase() as WeightUnit;
}

/** The unit of a weight: what the log says, else what the caller says. Throws UNIT_NOT_ASKED_FOR where both differ. */
export function decideUnit(ofLog: WeightUnit | null, asked: WeightUnit | null): WeightUnit | null {
  if (ofLog !== null && asked !== null && ofLog !== asked) {
    throw new UnreadableRow('UNIT_NOT_ASKED_FOR', `${ofLog}, not ${asked}`);
  }
  return ofLog ?? asked;
}

/** One exercise's weight in a log that has a column for each unit. */
export interface WeightChoice {
  readonly text: string;
  readonly unit: WeightUnit | null;
}

/**
 * Takes the column that is filled in; of two, the one in the unit asked for. Throws TrainingLogError UNIT_UNKNOWN when
 * both are and no unit is asked for: apps convert and round one of them, and nothing says which.
 */
export function chooseWeight(choices: readonly WeightChoice[], asked: WeightUnit | null): WeightChoice {
  const filled = choices.filter(({ text }) => text !== '');
  const chosen = filled.length > 1 ? filled.find(({ unit }) => unit === asked) : (filled[0] ?? choices[0]);
  if (!chosen) {
    throw new TrainingLogError('UNIT_UNKNOWN', 'the file has its weights both in kg and in lb');
  }
  return chosen;
}
