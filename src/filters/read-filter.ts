/** Reads the stored JSON of a filter. Checks its shape only; conditions are read with a field catalogue. */
import {
  EMPTY_FILTER,
  type FilterCondition,
  type FilterGroup,
  FilterUnreadable,
  type HistoryCondition,
  isList,
  type JsonObject,
  type JsonValue,
} from './filter.ts';

/** Deeper than any valid filter; protects the call stack against damaged data. */
const READABLE_DEPTH = 100;

/**
 * Reads a stored filter. Missing properties default to `logic` AND, `not` false and empty lists, so `{}` is
 * the empty filter. Throws FilterUnreadable.
 */
export function readStoredFilter(json: JsonValue): FilterGroup {
  return readGroup(json, 'filter', 1);
}

function readGroup(json: JsonValue, path: string, depth: number): FilterGroup {
  const group = readObject(json, path, ['logic', 'not', 'conditions', 'groups', 'history']);
  if (depth > READABLE_DEPTH) {
    throw new FilterUnreadable(path, 'is nested too deep');
  }
  const { logic = EMPTY_FILTER.logic, not = EMPTY_FILTER.not } = group;
  if (logic !== 'AND' && logic !== 'OR') {
    throw new FilterUnreadable(`${path}.logic`, 'must be AND or OR');
  }
  if (typeof not !== 'boolean') {
    throw new FilterUnreadable(`${path}.not`, 'must be true or false');
  }
  return {
    logic,
    not,
    conditions: readList(group.conditions, `${path}.conditions`, readCondition),
    groups: readList(group.groups, `${path}.groups`, (each, at) => readGroup(each, at, depth + 1)),
    ...(group.history === undefined
      ? {}
      : {
          history: readList(group.history, `${path}.history`, (each, at) => readHistory(each, at, depth + 1)),
        }),
  };
}

function readHistory(json: JsonValue, path: string, depth: number): HistoryCondition {
  const { event, within, at_least, filter } = readObject(json, path, [
    'event',
    'within',
    'at_least',
    'filter',
  ]);
  if (typeof event !== 'string' || typeof within !== 'string' || typeof at_least !== 'number') {
    throw new FilterUnreadable(path, 'must have the texts event and within, and the number at_least');
  }
  return {
    ...{ event, within, at_least },
    ...(filter === undefined ? {} : { filter: readGroup(filter, `${path}.filter`, depth) }),
  };
}

function readCondition(json: JsonValue, path: string): FilterCondition {
  const { field, operator, value, if_absent } = readObject(json, path, [
    'field',
    'operator',
    'value',
    'if_absent',
  ]);
  if (typeof field !== 'string') {
    throw new FilterUnreadable(`${path}.field`, 'must be a text');
  }
  if (typeof operator !== 'string') {
    throw new FilterUnreadable(`${path}.operator`, 'must be a text');
  }
  if (if_absent !== undefined && typeof if_absent !== 'boolean') {
    throw new FilterUnreadable(`${path}.if_absent`, 'must be true or false');
  }
  return {
    field,
    operator,
    ...(value === undefined ? {} : { value }),
    ...(if_absent === undefined ? {} : { if_absent }),
  };
}

function readObject(json: JsonValue, path: string, names: readonly string[]): JsonObject {
  if (typeof json !== 'object' || json === null || isList(json)) {
    throw new FilterUnreadable(path, 'must be an object');
  }
  const unknown = Object.keys(json).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new FilterUnreadable(path, `must have no other names than ${names.join(', ')}`);
  }
  return json;
}

function readList<T>(
  json: JsonValue | undefined,
  path: string,
  read: (element: JsonValue, path: string) => T,
): readonly T[] {
  if (json === undefined) {
    return [];
  }
  if (!isList(json)) {
    throw new FilterUnreadable(path, 'must be a list');
  }
  return json.map((element, index) => read(element, `${path}[${index}]`));
}
