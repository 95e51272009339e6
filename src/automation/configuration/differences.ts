/** What one JSON document has in place of another, part by part. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** A part that two documents do not have in common. */
export interface Difference {
  /** For example `actions[1].add_tag.tag`: in the second document, or in the first one when the part was removed. */
  readonly path: string;
  /** Absent: the part was added. */
  readonly before?: JsonValue;
  /** Absent: the part was removed. */
  readonly after?: JsonValue;
}

/** Equal elements of a list are matched in their order, so that an inserted element is one difference. */
export function findDifferences(before: JsonObject, after: JsonObject): Difference[] {
  return compareObjects(before, after, '');
}

function compare(before: JsonValue, after: JsonValue, path: string): Difference[] {
  if (isDeepStrictEqual(before, after)) {
    return [];
  }
  if (isObject(before) && isObject(after)) {
    return compareObjects(before, after, `${path}.`);
  }
  return isListOfObjects(before) && isListOfObjects(after)
    ? compareLists(before, after, path)
    : [{ path, before, after }];
}

function compareObjects(before: JsonObject, after: JsonObject, prefix: string): Difference[] {
  const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...keys].flatMap((key) => {
    const [was, is] = [before[key], after[key]];
    const path = `${prefix}${key}`;
    return was !== undefined && is !== undefined ? compare(was, is, path) : [one(path, was, is)];
  });
}

function one(path: string, before: JsonValue | undefined, after: JsonValue | undefined): Difference {
  return {
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

function compareLists(before: readonly JsonValue[], after: readonly JsonValue[], path: string): Difference[] {
  return align(before, after, isDeepStrictEqual).flatMap(({ removed, added }) =>
    align(removed.elements, added.elements, isAlike).flatMap((gap) => [
      ...gap.removed.elements.map((element, index) =>
        one(`${path}[${removed.start + gap.removed.start + index}]`, element, undefined),
      ),
      ...gap.added.elements.map((element, index) =>
        one(`${path}[${added.start + gap.added.start + index}]`, undefined, element),
      ),
      ...(gap.match
        ? compare(...gap.match, `${path}[${added.start + gap.added.start + gap.added.elements.length}]`)
        : []),
    ]),
  );
}

/** Steps of one kind are alike. */
function isAlike(before: JsonValue, after: JsonValue): boolean {
  return isObject(before) && isObject(after) && Object.keys(before).some((key) => Object.hasOwn(after, key));
}

/** Elements between two pairs that match, and the pair behind them. */
interface Gap {
  readonly removed: { readonly start: number; readonly elements: readonly JsonValue[] };
  readonly added: { readonly start: number; readonly elements: readonly JsonValue[] };
  /** Absent at the end of the lists. */
  readonly match?: readonly [before: JsonValue, after: JsonValue];
}

type Matches = (before: JsonValue, after: JsonValue) => boolean;

/** Matches as many elements as can be in the order of both lists (the longest common subsequence). */
function align(before: readonly JsonValue[], after: readonly JsonValue[], matches: Matches): Gap[] {
  const lengths = commonLengths(before, after, matches);
  const lengthAt = (b: number, a: number) => lengths[b]?.[a] ?? 0;
  const gaps: Gap[] = [];
  let [startBefore, startAfter, b, a] = [0, 0, 0, 0];
  const gapBefore = () => ({
    removed: { start: startBefore, elements: before.slice(startBefore, b) },
    added: { start: startAfter, elements: after.slice(startAfter, a) },
  });
  while (b < before.length && a < after.length) {
    const [was, is] = [before[b] ?? null, after[a] ?? null];
    if (matches(was, is) && lengthAt(b, a) === lengthAt(b + 1, a + 1) + 1) {
      gaps.push({ ...gapBefore(), match: [was, is] });
      [b, a] = [b + 1, a + 1];
      [startBefore, startAfter] = [b, a];
    } else if (lengthAt(b + 1, a) >= lengthAt(b, a + 1)) {
      b += 1;
    } else {
      a += 1;
    }
  }
  [b, a] = [before.length, after.length];
  return [...gaps, gapBefore()];
}

/** How many elements from each pair of places on match. */
function commonLengths(before: readonly JsonValue[], after: readonly JsonValue[], matches: Matches) {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  const lengthAt = (b: number, a: number) => lengths[b]?.[a] ?? 0;
  for (let b = before.length - 1; b >= 0; b -= 1) {
    for (let a = after.length - 1; a >= 0; a -= 1) {
      const best = matches(before[b] ?? null, after[a] ?? null)
        ? lengthAt(b + 1, a + 1) + 1
        : Math.max(lengthAt(b + 1, a), lengthAt(b, a + 1));
      lengths[b]?.fill(best, a, a + 1);
    }
  }
  return lengths;
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isListOfObjects(json: JsonValue): json is JsonObject[] {
  return Array.isArray(json) && json.every(isObject);
}
