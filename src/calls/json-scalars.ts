/**
 * Checks the JSON of single values: numbers, texts, bytes, enums, and times and durations as proto3 JSON
 * writes them.
 */
import { type DescEnum, ScalarType } from '@bufbuild/protobuf';
import type { FieldRules } from '../gen/buf/validate/validate_pb.ts';
import { nearestName } from '../values/nearest-name.ts';
import { allowedNames } from './field-rules.ts';
import type { JsonWalk } from './json-walk.ts';
import { cut, listed, shown } from './shown-text.ts';

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(Z|[+-](\d\d):(\d\d))$/;
const TIME_EXAMPLE = 'such as "2026-11-30T18:00:00Z"';
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59Z');

/** The fault of a google.protobuf.Timestamp; undefined: none. */
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

/** The fault of a google.protobuf.Duration; undefined: none. */
export function durationFault(text: string): string | undefined {
  if (!DURATION.test(text)) {
    return `must be in seconds, ${durationExample(text)}`;
  }
  const isShort = Math.abs(Number(text.slice(0, -1))) <= LONGEST_S;
  return isShort ? undefined : `must be at most ${LONGEST_S} seconds, such as "3600s"`;
}

/** An example with the number that was probably meant, or any example. */
function durationExample(text: string): string {
  const [, amount, unit = ''] = /^(\d{1,6}) ?(m|min|h|d|w)$/.exec(text) ?? [];
  const seconds = Number(amount) * Number(SECONDS_OF[unit]);
  return Number.isFinite(seconds) ? `here "${seconds}s"` : 'such as "3600s"';
}

/** Reads the value at the walk's cursor, which is after it afterwards. */
export type JsonReader = (walk: JsonWalk) => void;

/** Records `rule` and the value that was sent, for a value of another kind. */
export function refuse(walk: JsonWalk, rule: string): void {
  walk.note(`${rule}; was ${walk.skip()}`);
}

export function scalarReader(scalar: ScalarType): JsonReader {
  switch (scalar) {
    case ScalarType.STRING:
      return readText;
    case ScalarType.BOOL:
      return (walk) => {
        if (walk.cursor.kind() === 'boolean') {
          walk.cursor.readWord();
        } else {
          refuse(walk, 'must be true or false, without quotes');
        }
      };
    case ScalarType.BYTES:
      return (walk) => readString(walk, base64Fault, 'must be bytes in base64, such as "AQID"');
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (walk) => readDigits(walk, isFloat(scalar), 'must be a number, such as 2.5');
    default: {
      const [least, most] = RANGES[scalar];
      const isRight = (digits: string) => isInteger(digits, least, most);
      return (walk) =>
        readDigits(walk, isRight, `must be a whole number from ${least} to ${most}, such as 5`);
    }
  }
}

/** Records the fault of a string by `faultOf`, and `rule` for other values. */
export function readString(
  walk: JsonWalk,
  faultOf: (text: string) => string | undefined,
  rule: string,
): void {
  if (walk.cursor.kind() !== 'string') {
    refuse(walk, rule);
    return;
  }
  const text = walk.cursor.readString();
  const fault = faultOf(text);
  if (fault !== undefined) {
    walk.note(`${fault}; was ${shown(text)}`);
  }
}

function readText(walk: JsonWalk): void {
  const kind = walk.cursor.kind();
  if (kind === 'string') {
    if (!walk.cursor.readString().isWellFormed()) {
      walk.note('must be Unicode: it has half of a surrogate pair');
    }
    return;
  }
  const was = walk.skip();
  const example = kind === 'number' || kind === 'boolean' ? `here "${was}"` : 'such as "text"';
  walk.note(`must be a string in double quotes, ${example}; was ${was}`);
}

function base64Fault(text: string): string | undefined {
  const digits = text.replace(/={1,2}$/, '');
  const isBase64 = /^[A-Za-z0-9+/_-]*$/.test(digits) && digits.length % 4 !== 1;
  return isBase64 ? undefined : 'must be bytes in base64, such as "AQID"';
}

const DIGITS = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** A number, or its digits in quotes. */
function readDigits(walk: JsonWalk, isRight: (digits: string) => boolean, rule: string): void {
  const { cursor } = walk;
  const kind = cursor.kind();
  if (kind === 'number') {
    const digits = cursor.readNumber();
    if (!isRight(digits)) {
      walk.note(`${rule}; was ${cut(digits)}`);
    }
  } else if (kind === 'string') {
    const text = cursor.readString();
    if (!isRight(text)) {
      walk.note(`${rule}; was ${shown(text)}`);
    }
  } else {
    refuse(walk, rule);
  }
}

const INT32 = [-(2n ** 31n), 2n ** 31n - 1n] as const;
const UINT32 = [0n, 2n ** 32n - 1n] as const;
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const UINT64 = [0n, 2n ** 64n - 1n] as const;

const RANGES = {
  [ScalarType.INT32]: INT32,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.UINT32]: UINT32,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.INT64]: INT64,
  [ScalarType.SINT64]: INT64,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.FIXED64]: UINT64,
} as const;

/** `5`, and as proto3 JSON allows `5.0` and `5e0`, when a number can represent it exactly. */
function isInteger(digits: string, least: bigint, most: bigint): boolean {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) {
    return value >= least && value <= most && DIGITS.test(digits);
  }
  return /^-?[1-9][0-9]{1,19}$/.test(digits) && BigInt(digits) >= least && BigInt(digits) <= most;
}

const FLOAT_MOST = 3.4028234663852886e38;

function isFloat(scalar: ScalarType.DOUBLE | ScalarType.FLOAT): (digits: string) => boolean {
  const most = scalar === ScalarType.FLOAT ? FLOAT_MOST : Number.MAX_VALUE;
  return (digits) =>
    ['NaN', 'Infinity', '-Infinity'].includes(digits) ||
    (DIGITS.test(digits) && Math.abs(Number(digits)) <= most);
}

/** Accepts a value's name, or its number. */
export function enumReader(desc: DescEnum, rules: FieldRules | undefined): JsonReader {
  const prefix = desc.sharedPrefix?.toUpperCase() ?? '';
  const names = allowedNames(desc, rules);
  const known = names.map((name) => ({ name, spellings: [name, name.slice(prefix.length)] }));
  const all = new Set(desc.values.map(({ name }) => name));
  const allowed = `must be ${listed(names)}`;
  return (walk) => {
    const { cursor } = walk;
    const kind = cursor.kind();
    if (kind === 'string') {
      const name = cursor.readString();
      if (!all.has(name)) {
        const nearest = nearestName(name, known);
        walk.note(`${allowed}; was ${shown(name)}${nearest ? `: did you mean ${nearest}?` : ''}`);
      }
    } else if (kind === 'number') {
      const digits = cursor.readNumber();
      if (!/^-?[0-9]{1,10}$/.test(digits) || !desc.value[Number(digits)]) {
        walk.note(`${allowed}; was ${cut(digits)}`);
      }
    } else {
      refuse(walk, allowed);
    }
  };
}
