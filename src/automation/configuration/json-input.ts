/** JSON from requests: conversion from google.protobuf.Value, and what of it cannot be stored. */
import type { Value } from '@bufbuild/protobuf/wkt';
import type { FieldViolation } from '../../errors/domain-error.ts';
import type { JsonValue } from '../../filters/filter.ts';
import { describeTextProblem } from '../../filters/typed-values.ts';

/**
 * The JSON of a google.protobuf.Value; a Value without a kind is null. NaN and infinities stay, for
 * jsonFaults to report.
 */
export function jsonOfValue({ kind }: Value): JsonValue {
  switch (kind.case) {
    case 'structValue': {
      const fields = Object.entries(kind.value.fields).map(([key, value]) => [key, jsonOfValue(value)]);
      return Object.fromEntries(fields);
    }
    case 'listValue':
      return kind.value.values.map(jsonOfValue);
    case 'numberValue':
    case 'stringValue':
    case 'boolValue':
      return kind.value;
    case 'nullValue':
    case undefined:
      return null;
  }
}

/** Every part of the JSON that cannot be stored, with its path below `path`. */
export function jsonFaults(json: JsonValue, path: string): FieldViolation[] {
  if (typeof json === 'number') {
    return Number.isFinite(json) ? [] : [{ field: path, description: 'must be a finite number' }];
  }
  if (typeof json === 'string') {
    const description = describeTextProblem(json);
    return description === undefined ? [] : [{ field: path, description }];
  }
  if (Array.isArray(json)) {
    return json.flatMap((element, index) => jsonFaults(element, `${path}[${index}]`));
  }
  if (json === null || typeof json === 'boolean') {
    return [];
  }
  return Object.entries(json).flatMap(([key, value]) => {
    // Assigning `__proto__` would set the prototype of an object.
    return describeTextProblem(key) === undefined && key !== '__proto__'
      ? jsonFaults(value, `${path}.${key}`)
      : [{ field: path, description: 'has a name that is not allowed' }];
  });
}

/** The size of the JSON in bytes of UTF-8. */
export function jsonBytes(json: unknown): number {
  return Buffer.byteLength(JSON.stringify(json));
}
