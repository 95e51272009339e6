/** What differs between two messages as JSON, by path. */
import type { JsonValue } from '@bufbuild/protobuf';

export interface Difference {
  readonly path: string;
  /** undefined: absent. */
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

export function findDifferences(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path = '',
): Difference[] {
  if (!isNested(before) || !isNested(after) || Array.isArray(before) !== Array.isArray(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
  }
  const [old, now] = [
    before as Readonly<Record<string, JsonValue>>,
    after as Readonly<Record<string, JsonValue>>,
  ];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const step = Array.isArray(before) ? `[${name}]` : path === '' ? name : `.${name}`;
    return findDifferences(old[name], now[name], `${path}${step}`);
  });
}

function isNested(
  value: JsonValue | undefined,
): value is Exclude<JsonValue, string | number | boolean | null> {
  return typeof value === 'object' && value !== null;
}
