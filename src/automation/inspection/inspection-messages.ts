/** Converts events, conditions and executions to messages of the API. */
import { create, fromJson, type MessageInitShape, type JsonObject as ProtoObject } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { enumValue } from '../../calls/enum-name.ts';
import type { ConditionVerdict } from '../../filters/compile-filter.ts';
import type { JsonValue } from '../../filters/filter.ts';
import { EventActorSchema, type EventSchema } from '../../gen/automation/v1/event_service_pb.ts';
import {
  type ConditionVerdictSchema,
  ExecutionKindSchema,
  type TriggerExecutionSchema,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { TriggerExecutionLog } from '../../store/entities/trigger-execution-log.ts';
import { instantToTimestamp } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { redactValue } from '../decision/redact-fields.ts';
import { toWireReason } from '../decision/verdict-reason.ts';

export function eventMessage(event: AcceptedEvent): MessageInitShape<typeof EventSchema> {
  const { id, type, userId, sequence, actor, data, previous, rootEventId, causationId, depth } = event;
  return {
    ...{ id, type, sequence, rootEventId, depth },
    userId: userId ?? '',
    occurredAt: instantToTimestamp(event.occurredAt),
    recordedAt: instantToTimestamp(event.recordedAt),
    actor: enumValue(EventActorSchema, actor),
    data: data as ProtoObject,
    ...(previous === null ? {} : { previous: previous as ProtoObject }),
    causationId: causationId ?? '',
  };
}

/** Redacts personal values. */
export function conditionMessage(
  condition: ConditionVerdict,
): MessageInitShape<typeof ConditionVerdictSchema> {
  const { path, field, operator, expected, matched, isPersonal } = condition;
  const actual = isPersonal ? redactValue(condition.actual) : condition.actual;
  return {
    ...{ path, field, operator, matched },
    ...(expected === undefined ? {} : { expected: valueMessage(expected) }),
    ...(actual === undefined || actual === null ? {} : { actual: valueMessage(actual) }),
  };
}

function valueMessage(value: JsonValue): Value {
  return create(ValueSchema, fromJson(ValueSchema, value as never));
}

export function executionMessage(row: TriggerExecutionLog): MessageInitShape<typeof TriggerExecutionSchema> {
  const { id, triggerId, triggerVersion, userId, matched, enrolled } = row;
  return {
    ...{ id, triggerId, triggerVersion, userId, matched, enrolled },
    eventId: row.eventId ?? '',
    kind: enumValue(ExecutionKindSchema, row.kind),
    reason: toWireReason(row.failureReason ?? 'ENROLLED'),
    enrollmentId: row.enrollmentId ?? '',
    eventData: row.eventData as ProtoObject,
    executedAt: instantToTimestamp(row.executedAt),
  };
}
