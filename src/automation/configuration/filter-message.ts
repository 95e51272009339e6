/** Converts filters between their message and their stored form. */
import { create, fromJson, type MessageInitShape } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import type { FieldViolation } from '../../errors/domain-error.ts';
import type { FilterCondition, FilterGroup, HistoryCondition } from '../../filters/filter.ts';
import {
  type FilterCondition as ConditionMessage,
  FilterGroupSchema,
  FilterLogic,
  type FilterGroup as GroupMessage,
  type HistoryCondition as HistoryMessage,
} from '../../gen/automation/v1/filter_pb.ts';
import { jsonOfValue } from './json-input.ts';

/** The tree of a message; validate-filter.ts validates it. */
export function filterOfMessage({ logic, not, conditions, groups, history }: GroupMessage): FilterGroup {
  return {
    logic: logic === FilterLogic.OR ? 'OR' : 'AND',
    not,
    conditions: conditions.map(conditionOfMessage),
    groups: groups.map(filterOfMessage),
    ...(history.length > 0 ? { history: history.map(historyOfMessage) } : {}),
  };
}

/** A number that is missing or 0 becomes -1, which no condition may have. */
function historyOfMessage({ event, within, expected, filter }: HistoryMessage): HistoryCondition {
  const least = expected.case === 'atLeast' ? expected.value || -1 : expected.value ? 0 : -1;
  return {
    ...{ event, within, at_least: least },
    ...(filter ? { filter: filterOfMessage(filter) } : {}),
  };
}

function conditionOfMessage({ field, operator, value, ifAbsent }: ConditionMessage): FilterCondition {
  return {
    ...{ field, operator },
    ...(value === undefined ? {} : { value: jsonOfValue(value) }),
    ...(ifAbsent === undefined ? {} : { if_absent: ifAbsent }),
  };
}

/** Faults that the tree cannot express, such as an unknown logic. Paths are below `path`. */
export function logicFaults({ logic, groups, history }: GroupMessage, path: string): FieldViolation[] {
  const isKnown = Object.values<number>(FilterLogic).includes(logic);
  return [
    ...(isKnown
      ? []
      : [{ field: `${path}.logic`, description: 'must be FILTER_LOGIC_AND or FILTER_LOGIC_OR' }]),
    ...groups.flatMap((group, index) => logicFaults(group, `${path}.groups[${index}]`)),
    ...history.flatMap(({ filter }, index) =>
      filter ? logicFaults(filter, `${path}.history[${index}].filter`) : [],
    ),
  ];
}

export function filterToMessage(filter: FilterGroup): GroupMessage {
  return create(FilterGroupSchema, groupInit(filter));
}

function groupInit({
  logic,
  not,
  conditions,
  groups,
  history = [],
}: FilterGroup): MessageInitShape<typeof FilterGroupSchema> {
  return {
    logic: logic === 'OR' ? FilterLogic.OR : FilterLogic.AND,
    not,
    conditions: conditions.map(({ field, operator, value, if_absent: ifAbsent }) => ({
      ...{ field, operator },
      ...(value === undefined ? {} : { value: fromJson(ValueSchema, value as never) }),
      ...(ifAbsent === undefined ? {} : { ifAbsent }),
    })),
    groups: groups.map(groupInit),
    history: history.map(({ event, within, at_least: least, filter }) => ({
      ...{ event, within },
      expected: least === 0 ? { case: 'none', value: true } : { case: 'atLeast', value: least },
      ...(filter ? { filter: groupInit(filter) } : {}),
    })),
  };
}
