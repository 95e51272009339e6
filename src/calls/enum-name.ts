/**
 * Maps enum values to stored names: the name without the shared prefix, TRAINING_MAX for
 * MAX_TYPE_TRAINING_MAX.
 */
import type { DescEnum, EnumShape } from '@bufbuild/protobuf';

/**
 * The stored name of a value. Throws TypeError for a number that the enum does not define; requests are
 * validated before.
 */
export function enumName(schema: DescEnum, value: number): string {
  const found = schema.value[value];
  if (!found) {
    throw new TypeError(`${schema.typeName} has no value ${value}`);
  }
  return found.localName;
}

/** The value with this stored name; 0 (unspecified) for '' and unknown names. */
export function enumValue<E extends DescEnum>(schema: E, name: string): EnumShape<E> {
  const number = schema.values.find((value) => value.localName === name)?.number ?? 0;
  return number as EnumShape<E>;
}
