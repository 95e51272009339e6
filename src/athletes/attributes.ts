/** An athlete's attributes, by name. Attributes that the account defined hold values of the defined type. */

import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { shownJson } from '../calls/shown-text.ts';
import type { Limits } from '../config/config.ts';
import { type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import type { FieldType } from '../filters/filter.ts';
import { describeTextProblem, isOfType, readNumber, TYPE_RULES } from '../filters/typed-values.ts';
import type { Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import type { Fact } from '../store/entities/outbox-entry.ts';
import type { User } from '../store/entities/user.ts';
import { emit, fact } from '../store/outbox.ts';
import { lockedUser } from './users.ts';

export type AttributeLimits = Pick<Limits, 'attributes' | 'attributesBytes' | 'fieldNameCharacters'>;

/**
 * Violations of a request's attributes that do not depend on the account's definitions, with paths such as
 * `attributes.level`.
 */
export function attributeViolations(attributes: JsonObject, limits: AttributeLimits): FieldViolation[] {
  const size = Buffer.byteLength(JSON.stringify(attributes));
  const names = Object.keys(attributes);
  if (size > limits.attributesBytes || names.length > limits.attributes) {
    return [{ field: 'attributes', description: tooMuch(limits) }];
  }
  return names.flatMap((name) => {
    if (!isAttributeName(name, limits)) {
      const description = `must have names of lower-case letters, digits and underscores, beginning with a letter, of at most ${limits.fieldNameCharacters} characters`;
      return [{ field: 'attributes', description }];
    }
    return isAttributeValue(valueIn(attributes, name))
      ? []
      : [
          {
            field: pathOf(name),
            description: 'must be a text, a number, true, false, null or a list of texts',
          },
        ];
  });
}

function isAttributeName(name: string, limits: AttributeLimits): boolean {
  return /^[a-z][a-z0-9_]*$/.test(name) && name.length <= limits.fieldNameCharacters;
}

function isAttributeValue(value: JsonValue): boolean {
  if (Array.isArray(value)) {
    return value.every(
      (element) => typeof element === 'string' && describeTextProblem(element) === undefined,
    );
  }
  switch (typeof value) {
    case 'string':
      return describeTextProblem(value) === undefined;
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    default:
      return value === null;
  }
}

/**
 * Changes the attributes of a locked athlete (null removes one), and returns the events of real changes.
 * Throws VALIDATION_FAILED for values of the wrong type and beyond the limits.
 */
export async function changeAttributes(
  tx: Transaction,
  user: User,
  changes: JsonObject,
  limits: AttributeLimits,
): Promise<Fact[]> {
  const before = user.attributes as JsonObject;
  const changed = Object.keys(changes).filter(
    (name) => !isSame(valueIn(before, name), valueIn(changes, name)),
  );
  if (changed.length === 0) {
    return [];
  }
  const types = await loadTypes(tx, changed);
  const wrong = changed.flatMap((name) => typeViolations(name, valueIn(changes, name), types.get(name)));
  if (wrong.length > 0) {
    throw invalidFields(wrong);
  }
  const after = Object.fromEntries(
    Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null),
  );
  const size = Buffer.byteLength(JSON.stringify(after));
  if (Object.keys(after).length > limits.attributes || size > limits.attributesBytes) {
    throw invalidFields([{ field: 'attributes', description: tooMuch(limits) }]);
  }
  user.attributes = after;
  return changed.map((name) => changeFact(name, valueIn(before, name), valueIn(changes, name)));
}

/**
 * Sets an attribute, null removes it; returns false when nothing changed. USER_NOT_FOUND, VALIDATION_FAILED.
 */
export async function setAttribute(
  change: Change,
  userId: string,
  name: string,
  value: JsonValue,
  limits: AttributeLimits,
): Promise<boolean> {
  const changes = { [name]: value };
  const wrong = attributeViolations(changes, limits);
  if (wrong.length > 0) {
    throw invalidFields(wrong);
  }
  const user = await lockedUser(change.tx, userId);
  const facts = await changeAttributes(change.tx, user, changes, limits);
  emit(change, user.id, facts);
  if (facts.length > 0) {
    user.updatedAt = change.now;
  }
  return facts.length > 0;
}

async function loadTypes(tx: Transaction, names: readonly string[]): Promise<Map<string, FieldType>> {
  const { rows } = await sql<{ name: string; type: FieldType }>`
    select substr(path, length('custom.') + 1) as name, type from field_definitions
    where account_id = ${tx.accountId} and path = any(${names.map((name) => `custom.${name}`)}::text[])`.execute(
    tx.sql,
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

function typeViolations(name: string, value: JsonValue, type: FieldType | undefined): FieldViolation[] {
  return value === null || type === undefined || isOfType(type, value)
    ? []
    : [{ field: pathOf(name), description: `${TYPE_RULES[type]}; was ${shownJson(value)}` }];
}

/** Own properties only: an attribute may be called `constructor`. */
function valueIn(attributes: JsonObject, name: string): JsonValue {
  return Object.hasOwn(attributes, name) ? (attributes[name] ?? null) : null;
}

/** Removing an absent attribute is no change. */
function isSame(before: JsonValue, after: JsonValue): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

function changeFact(name: string, before: JsonValue, after: JsonValue): Fact {
  return fact(
    'custom_field_changed',
    { field_name: name, ...describeAttribute(after) },
    describeAttribute(before),
  );
}

/** A value as events carry it: as text, and as a number where it is one. */
export function describeAttribute(value: JsonValue) {
  const number = readNumber(value)?.toFixed() ?? null;
  const text = typeof value === 'string' ? value : (number ?? JSON.stringify(value));
  return { value: value === null ? null : text, number_value: number };
}

function pathOf(name: string): string {
  return `attributes.${name}`;
}

function tooMuch({ attributes, attributesBytes }: AttributeLimits): string {
  return `must leave the athlete with ${attributes} attributes or less, in ${attributesBytes} bytes as JSON`;
}
