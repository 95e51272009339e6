/**
 * The rules that a .proto file states for a field, and the sentences that tell a caller what the field takes
 * and what was sent.
 */
import { type DescEnum, type DescField, getOption, isFieldSet, type Message } from '@bufbuild/protobuf';
import type { Path } from '@bufbuild/protobuf/reflect';
import type { Violation } from '@bufbuild/protovalidate';
import {
  type FieldRules,
  field as fieldRules,
  type Int32Rules,
  Int32RulesSchema,
} from '../gen/buf/validate/validate_pb.ts';
import { fieldValue } from './message-fields.ts';
import { isSecret } from './secret-fields.ts';
import { cut, listed, shown } from './shown-text.ts';

/** The rules of a field's values: of its elements, where it is a list. */
export function valueRules(field: DescField): FieldRules | undefined {
  const rules = getOption(field, fieldRules);
  return rules.type.case === 'repeated' ? rules.type.value.items : rules;
}

/** The rules of a list as a whole. */
export function listRules(field: DescField) {
  const { type } = getOption(field, fieldRules);
  return type.case === 'repeated' ? type.value : undefined;
}

/** The names that a field takes, by its rules; the one that means unspecified is known, and no help. */
export function allowedNames(desc: DescEnum, rules: FieldRules | undefined): string[] {
  const { in: only = [], notIn = [] } = rules?.type.case === 'enum' ? rules.type.value : {};
  const isAllowed = (number: number) =>
    number !== 0 && !notIn.includes(number) && (only.length === 0 || only.includes(number));
  return desc.values.filter(({ number }) => isAllowed(number)).map(({ name }) => name);
}

const DECIMAL = 'a decimal such as 142.5, at most 12 digits before and 6 after the point';
const SIGNED_DECIMAL = 'a decimal such as 142.5 or -2.5, at most 12 digits before and 6 after the point';

/** What each pattern of the .proto files means. A pattern that is not here must not be used there. */
const PATTERNS: Readonly<Record<string, string>> = {
  '^[0-9]{1,12}(\\.[0-9]{1,6})?$': DECIMAL,
  '^[0-9]{1,4}(\\.[0-9]{1,6})?$': 'a decimal such as 1.25, at most 4 digits before and 6 after the point',
  '^-?[0-9]{1,12}(\\.[0-9]{1,6})?$': SIGNED_DECIMAL,
  '^(-?[0-9]{1,12}(\\.[0-9]{1,6})?)?$': `${SIGNED_DECIMAL}, or empty`,
  '^(10(\\.0)?|[0-9](\\.[0-9])?)$': 'from 0 to 10 with at most one digit after the point, such as 8.5',
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}$': 'a date such as 1992-02-29',
  '^([0-9]{4}-[0-9]{2}-[0-9]{2})?$': 'a date such as 1992-02-29, or empty',
  '^[a-z][a-z0-9_]{0,49}$':
    'a lower-case letter, then lower-case letters, digits and _, at most 50, such as slack_token',
  '^(<[a-z]+:[a-z0-9:-]+>)?$': 'a token such as <lift:squat>, or empty',
  '^[a-z0-9]+(-[a-z0-9]+)*$':
    'lower-case letters and digits in words with hyphens between them, such as bench-press',
};

/** What a single value may be, in words that follow "must"; undefined: its rules leave everything open. */
export function allowedValue(field: DescField): string | undefined {
  const rules = valueRules(field);
  if (field.enum) {
    return `be ${listed(allowedNames(field.enum, rules))}`;
  }
  switch (rules?.type.case) {
    case 'string': {
      const { uuid, pattern, minLen, maxLen } = rules.type.value;
      if (uuid) {
        return 'be a UUID, such as 0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12';
      }
      return pattern ? `be ${patternInWords(pattern)}` : `have ${range(minLen, maxLen)} characters`;
    }
    case 'int32':
      return `be a whole number ${interval(rules.type.value)}`;
    default:
      return undefined;
  }
}

/** How many elements a list may have, in words that follow "must". */
function allowedCount(field: DescField): string {
  const rules = listRules(field);
  return `have ${range(rules?.minItems, rules?.maxItems)} elements`;
}

function interval(rules: Int32Rules): string {
  const { gte, lte } = Int32RulesSchema.field;
  const least = isFieldSet(rules, gte) ? `from ${rules.gte}` : 'of any size';
  return isFieldSet(rules, lte) ? `${least} to ${rules.lte}` : least;
}

/** Lengths without a limit are 0 in the rules. */
function range(least = 0n, most = 0n): string {
  if (most === 0n) {
    return `at least ${least}`;
  }
  return least === 0n ? `at most ${most}` : `${least} to ${most}`;
}

/** The pattern's meaning. Throws a TypeError for one that has no words. */
export function patternInWords(pattern: string): string {
  const words = PATTERNS[pattern];
  if (!words) {
    throw new TypeError(`no words for the pattern ${pattern}`);
  }
  return words;
}

/** The sentence for a violation of this message. */
export function ruleSentence(
  { field: path, ruleId, message: fallback }: Violation,
  message: Message,
): string {
  const last = path.at(-1);
  if (last?.kind === 'oneof') {
    return `is required: one of ${listed(last.fields.map(({ name }) => name))}`;
  }
  const field = path.findLast((step): step is DescField => step.kind === 'field');
  if (!field || ruleId === 'required') {
    return 'is required';
  }
  const value = valueAt(message, path);
  if (field.fieldKind === 'list' && last === field) {
    const { length } = value as readonly unknown[];
    const isCount = ruleId === 'repeated.min_items' || ruleId === 'repeated.max_items';
    return isCount ? `must ${allowedCount(field)}; has ${length}` : 'must not have the same element twice';
  }
  const allowed = allowedValue(field);
  if (allowed === undefined) {
    return fallback;
  }
  return isSecret(field) ? `must ${allowed}` : `must ${allowed}; ${sent(field, value)}`;
}

/** The value that a path leads to; undefined when there is none. */
function valueAt(message: Message, path: Path): unknown {
  let value: unknown = message;
  for (const step of path) {
    const owner = value as Record<string, unknown>;
    if (step.kind === 'field') {
      value = fieldValue(value as Message, step);
    } else if (step.kind === 'list_sub') {
      value = owner[step.index];
    } else if (step.kind === 'map_sub') {
      value = owner[String(step.key)];
    }
  }
  return value;
}

function sent(field: DescField, value: unknown): string {
  if (typeof value === 'string') {
    return value === '' ? 'was empty' : `was ${shown(value)}`;
  }
  if (field.enum) {
    return value === 0 ? 'was not given' : `was ${field.enum.value[Number(value)]?.name ?? value}`;
  }
  return `was ${cut(String(value))}`;
}
