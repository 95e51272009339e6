/** Fields of events that their type does not know: named `data.<path>`, and read in the type that a condition needs. */
import { type FieldType, type FilterField, isList, type JsonValue } from './filter.ts';
import type { Operator } from './filter-operators.ts';

const NAME = /^data\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*){0,4})$/;

/** The path below the event's data in a name such as `data.utm.source`; undefined for other names. */
export function readDataPath(name: string): readonly string[] | undefined {
  return NAME.exec(name)?.[1]?.split('.');
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
