/** Enum values as they are stored: the name behind the shared prefix, TRAINING_MAX for MAX_TYPE_TRAINING_MAX. */
import type { DescEnum, EnumShape } from '@bufbuild/protobuf';

/** The stored name of a value. A number that the enum does not define is a programmer's error: validate first. */
export function enumName(schema: DescEnum, value: number): string {
  const found = schema.value[value];
  if (!found) {
    throw new TypeError(`${schema.typeName} has no value ${value}`);
  }
  return found.localName;
}

/** The value with this stored name; the enum's zero, which means unspecified, for '' and names it does not have. */
export function enumValue<E extends DescEnum>(schema: E, name: string): EnumShape<E> {
  const number = schema.values.find((value) => value.localName === name)?.number ?? 0;
  return number as EnumShape<E>;
}
