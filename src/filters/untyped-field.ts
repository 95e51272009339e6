/** Fields whose type is not known, such as `data.<path>` of an event: read in the type that a condition needs. */
import { type FieldType, type FilterField, isList, type JsonValue } from './filter.ts';
import type { Operator } from './filter-operators.ts';

const PATH = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*){0,4}$/;

/** The path that a name has behind a prefix, such as that of `data.utm.source` behind `data.`; undefined for other names. */
export function readUntypedPath(prefix: string, name: string): readonly string[] | undefined {
  const path = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return PATH.test(path) ? path.split('.') : undefined;
}

/** Personal, because nothing is known of it. */
export function untypedField(path: readonly string[]): FilterField {
  return { scope: 'event', path, type: 'string', isPersonal: true, isUntyped: true };
}

/**
 * The field in the type that the condition compares with: that of its value, where the operator takes it, else the
 * first that the operator takes the value for.
 */
export function typeField(field: FilterField, operator: Operator, value: JsonValue | undefined): FilterField {
  const [first] = isList(value) ? value : [value];
  const ofValue: readonly FieldType[] =
    typeof first === 'number' ? ['decimal'] : typeof first === 'boolean' ? ['bool'] : [];
  const order = [...ofValue, ...ORDER].filter((type) => operator.types.includes(type));
  const type = order.find((each) => operator.read(value, each) !== undefined) ?? order[0];
  return type === undefined ? field : { ...field, type };
}

/** A text is a text, unless the operator compares numbers, times or lists only. */
const ORDER: readonly FieldType[] = ['string', 'decimal', 'timestamp', 'date', 'list', 'bool'];
