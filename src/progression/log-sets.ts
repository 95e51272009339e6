/** LogSets: stores sets, and evaluates each new work set. */
import { create } from '@bufbuild/protobuf';
import { Decimal } from 'decimal.js';
import { enumName, enumValue } from '../calls/enum-name.ts';
import type { Limits } from '../config/config.ts';
import { invalidFields } from '../errors/domain-error.ts';
import { SetKindSchema } from '../gen/progression/v1/common_pb.ts';
import {
  type LogSetsRequest,
  LogSetsResponseSchema,
  type PerformedSet,
  ProgressionService,
} from '../gen/progression/v1/progression_service_pb.ts';
import { type Instant, instantToTimestamp } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import { compensationMessage } from './engine/compensate.ts';
import { failureCounterMessage } from './engine/lift-max-message.ts';
import { duplicateOutcome, outcomeMessage } from './engine/outcome-message.ts';
import { occurredAtOf, type TriggerMethod } from './engine/submit-trigger.ts';
import type { ReportedSet, SetReceipt } from './engine/trigger-command.ts';
import { isFailedSet, isWorkSet, type SetKind } from './evaluation/trigger-event.ts';

type Method = typeof ProgressionService.method.logSets;

export const logSets: TriggerMethod<Method['input'], Method['output']> = {
  method: ProgressionService.method.logSets,
  read(request, { receivedAt }, limits) {
    const { userId, sessionId, validateOnly } = request;
    const occurredAt = occurredAtOf(request.occurredAt, 'occurred_at', receivedAt, limits);
    refuseRepeatedNumbers(request);
    const sets = readSets(request, occurredAt, receivedAt, limits);
    return {
      userId,
      occurredAt,
      isValidateOnly: validateOnly,
      detail: { type: 'SETS_REPORTED', sessionId, sets },
    };
  },
  answer(handled) {
    const { detail, userId } = handled.event;
    const sessionId = detail.type === 'SETS_LOGGED' ? detail.sessionId : '';
    return create(LogSetsResponseSchema, {
      outcome: outcomeMessage(handled),
      sets: handled.sets.map((receipt) => loggedSetMessage(sessionId, receipt)),
      failureCounters: handled.counters.map((counter) => failureCounterMessage(userId, counter)),
      compensations: handled.compensations.map(compensationMessage),
    });
  },
  answerDuplicate: (first) =>
    create(LogSetsResponseSchema, { ...first, outcome: duplicateOutcome(first.outcome) }),
};

function readSets(
  { sets }: LogSetsRequest,
  occurredAt: Instant,
  receivedAt: Instant,
  limits: Limits,
): ReportedSet[] {
  return sets.map((set, position) => ({
    ...readPerformedSet(set),
    id: newId(),
    isTimeGiven: set.performedAt !== undefined,
    performedAt: set.performedAt
      ? occurredAtOf(set.performedAt, `sets[${position}].performed_at`, receivedAt, limits)
      : occurredAt + BigInt(position),
  }));
}

/** What a message says of a set; its time is not read. */
export function readPerformedSet(set: PerformedSet) {
  return {
    liftId: set.liftId,
    setNumber: set.setNumber,
    kind: enumName(SetKindSchema, set.kind) as SetKind,
    weight: new Decimal(set.weight),
    targetWeight: set.targetWeight === undefined ? null : new Decimal(set.targetWeight),
    targetReps: given(set.targetReps),
    repsPerformed: given(set.repsPerformed),
    rpe: set.rpe === undefined ? null : new Decimal(set.rpe),
  };
}

/** Of a field that the contract requires: nothing that is left out comes as far as this. */
function given(count: number | undefined): number {
  if (count === undefined) {
    throw new TypeError('a required field is absent from a validated message');
  }
  return count;
}

function refuseRepeatedNumbers({ sets }: LogSetsRequest): void {
  const seen = new Set<string>();
  const violations = sets.flatMap(({ liftId, setNumber }, position) => {
    const number = `${liftId} ${setNumber}`;
    const isRepeated = seen.has(number);
    seen.add(number);
    return isRepeated
      ? [{ field: `sets[${position}].set_number`, description: 'must be distinct within the lift' }]
      : [];
  });
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}

/** Converts a stored set to a message. */
export function loggedSetMessage(sessionId: string, { set, isAlreadyLogged }: SetReceipt) {
  return {
    id: set.id,
    sessionId,
    liftId: set.liftId,
    setNumber: set.setNumber,
    kind: enumValue(SetKindSchema, set.kind),
    weight: set.weight.toFixed(),
    targetWeight: set.targetWeight?.toFixed(),
    targetReps: set.targetReps,
    repsPerformed: set.repsPerformed,
    rpe: set.rpe?.toFixed(),
    performedAt: instantToTimestamp(set.performedAt),
    failed: isFailedSet(set),
    exceededTarget: isWorkSet(set) && !isFailedSet(set) && set.repsPerformed > set.targetReps,
    repsDifference: set.repsPerformed - set.targetReps,
    alreadyLogged: isAlreadyLogged,
  };
}
