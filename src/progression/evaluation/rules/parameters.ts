/** Reads a rule's stored parameters field by field, and collects all violations. */
import { Decimal } from 'decimal.js';
import { type CountBy, MAX_TYPES, type MaxType } from './rule.ts';

/** A violation: the path in the stored JSON (`thresholds[1].minReps`), and what is allowed. */
export interface ParameterViolation {
  readonly path: string;
  readonly description: string;
}

/** Thrown for stored parameters that do not form a rule. */
export class ParametersError extends Error {
  override readonly name = 'ParametersError';
  readonly violations: readonly ParameterViolation[];

  constructor(violations: readonly ParameterViolation[]) {
    super(violations.map((v) => `${v.path || 'parameters'}: ${v.description}`).join('; '));
    this.violations = violations;
  }
}

/** At most 12 digits before and 6 after the point: the range of numeric(18, 6). */
const DECIMAL_PATTERN = /^-?\d{1,12}(\.\d{1,6})?$/;

/** A reader of one JSON object; `finish` throws a ParametersError when there were violations. */
export interface ParameterReader {
  maxType(): MaxType;
  oneOf<T extends string>(name: string, allowed: readonly T[], fallback?: T): T;
  flag(name: string): boolean;
  /** A whole number from `least` to `most`. */
  integer(name: string, least: number, most: number): number;
  /** An exact decimal in a string, for which `allowed` holds; null when absent. */
  decimal(name: string, rule: DecimalRule): Decimal | null;
  requiredDecimal(name: string, rule: DecimalRule): Decimal;
  countBy(): CountBy;
  /** A list of 1 to `most` objects, each with its own reader. */
  list(name: string, most: number): ParameterReader[];
  text(name: string, most: number): string;
  violate(name: string, description: string): void;
  finish(): void;
}

/** A constraint on a decimal; `description` completes "must be …". */
export interface DecimalRule {
  readonly description: string;
  holds(value: Decimal): boolean;
}

export const POSITIVE: DecimalRule = { description: 'above 0', holds: (v) => v.gt(0) };
export const NOT_NEGATIVE: DecimalRule = { description: 'at least 0', holds: (v) => v.gte(0) };
export const NOT_ZERO: DecimalRule = { description: 'other than 0', holds: (v) => !v.isZero() };
export const SHARE: DecimalRule = { description: 'above 0 and at most 1', holds: (v) => v.gt(0) && v.lte(1) };
export const SIGNED_SHARE: DecimalRule = {
  description: 'from -1 to 1 and other than 0',
  holds: (v) => !v.isZero() && v.abs().lte(1),
};

/** Creates a reader of stored parameters; anything but a JSON object is refused at once. */
export function readParameters(parameters: unknown): ParameterReader {
  if (!isObject(parameters)) {
    throw new ParametersError([{ path: '', description: 'must be an object' }]);
  }
  return createReader(parameters, '', []);
}

function createReader(
  object: Readonly<Record<string, unknown>>,
  prefix: string,
  violations: ParameterViolation[],
): ParameterReader {
  const violate = (name: string, description: string) => {
    violations.push({ path: prefix + name, description });
  };
  const decimal = (name: string, rule: DecimalRule): Decimal | null => {
    const value = object[name];
    if (value === undefined || value === null) {
      return null;
    }
    if (typeof value !== 'string' || !DECIMAL_PATTERN.test(value)) {
      violate(name, 'must be a decimal string with at most 12 digits before and 6 after the point');
      return null;
    }
    const parsed = new Decimal(value);
    if (!rule.holds(parsed)) {
      violate(name, `must be ${rule.description}`);
    }
    return parsed;
  };
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback?: T): T => {
    const value = object[name] ?? fallback;
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) {
      violate(name, `must be one of ${allowed.join(', ')}`);
    }
    return found ?? (allowed[0] as T);
  };
  return {
    maxType: () => oneOf('maxType', MAX_TYPES),
    oneOf,
    countBy: () => oneOf('countBy', ['SET', 'SESSION'], 'SET'),
    flag(name) {
      const value = object[name] ?? false;
      if (typeof value !== 'boolean') {
        violate(name, 'must be true or false');
      }
      return value === true;
    },
    integer(name, least, most) {
      const value = object[name];
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
        violate(name, `must be a whole number from ${least} to ${most}`);
        // NaN compares as false with every number, so that no second violation follows.
        return Number.NaN;
      }
      return value;
    },
    decimal,
    requiredDecimal(name, rule) {
      if (object[name] === undefined || object[name] === null) {
        violate(name, `is required and must be ${rule.description}`);
      }
      return decimal(name, rule) ?? new Decimal(0);
    },
    list(name, most) {
      const value = object[name];
      if (!Array.isArray(value) || value.length < 1 || value.length > most || !value.every(isObject)) {
        violate(name, `must be a list of 1 to ${most} objects`);
        return [];
      }
      return value.map((element, index) => createReader(element, `${prefix}${name}[${index}].`, violations));
    },
    text(name, most) {
      const value = object[name];
      if (typeof value !== 'string' || value.length < 1 || value.length > most) {
        violate(name, `must be a text of 1 to ${most} characters`);
        return '';
      }
      return value;
    },
    violate,
    finish() {
      if (violations.length > 0) {
        throw new ParametersError(violations);
      }
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
