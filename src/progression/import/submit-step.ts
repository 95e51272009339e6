/** Sends one event of a log through the engine, as the call of its method would. */
import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type { CallContext } from '../../calls/call-context.ts';
import { requireValid } from '../../calls/message-validation.ts';
import type { Limits } from '../../config/config.ts';
import { SetKind } from '../../gen/progression/v1/common_pb.ts';
import type { TriggerOutcome } from '../../gen/progression/v1/progression_service_pb.ts';
import type { PlannedSet, SessionStep } from '../../training-logs/session-steps.ts';
import { instantToTimestamp } from '../../values/instant.ts';
import { submitTrigger, type TriggerMethod } from '../engine/submit-trigger.ts';
import type { TriggerQueue } from '../engine/trigger-queue.ts';
import { handleCycleComplete } from '../handle-cycle-complete.ts';
import { handleSessionComplete } from '../handle-session-complete.ts';
import { handleWeekAdvance } from '../handle-week-advance.ts';
import { logSets } from '../log-sets.ts';
import type { ImportIds } from './import-ids.ts';

export interface StepDeps {
  readonly queue: TriggerQueue;
  readonly limits: Limits;
  readonly call: CallContext;
  readonly userId: string;
  readonly ids: ImportIds;
}

export interface StepOutcome {
  /** An earlier import has sent it. */
  readonly isKnown: boolean;
  /** Maxes that it changed. */
  readonly applied: number;
}

/** Throws what the method of the event throws. */
export function submitStep(deps: StepDeps, step: SessionStep): Promise<StepOutcome> {
  const { userId, ids } = deps;
  const event = { userId, occurredAt: instantToTimestamp(step.at) };
  switch (step.type) {
    case 'SETS':
      return submit(deps, step, logSets, {
        ...event,
        sessionId: ids.sessionId(step.session),
        sets: step.sets.map(performedSet),
      });
    case 'SESSION': {
      const { session, daySlug, week: weekNumber, liftIds } = step;
      const finished = {
        sessionId: ids.sessionId(session),
        daySlug,
        weekNumber,
        liftsPerformed: [...liftIds],
      };
      return submit(deps, step, handleSessionComplete, { ...event, session: finished });
    }
    case 'WEEK': {
      const { week: previousWeek, newWeek, cycle: cycleIteration } = step;
      const week = { previousWeek, newWeek, cycleIteration };
      return submit(deps, step, handleWeekAdvance, { ...event, week });
    }
    case 'CYCLE': {
      const { cycle: completedCycle, weeks: totalWeeks } = step;
      const cycle = { completedCycle, newCycle: completedCycle + 1, totalWeeks };
      return submit(deps, step, handleCycleComplete, { ...event, cycle });
    }
  }
}

async function submit<I extends DescMessage, O extends DescMessage>(
  { queue, limits, call, ids }: StepDeps,
  step: SessionStep,
  trigger: TriggerMethod<I, O>,
  init: MessageInitShape<I>,
): Promise<StepOutcome> {
  const request: MessageShape<I> = create(trigger.method.input, init);
  requireValid(trigger.method.input, request);
  // Each event has the time of a call of its own.
  const deadlineAtMs = performance.now() + limits.defaultDeadlineMs;
  const origin = { ...call, requestId: ids.requestId(step), deadlineAtMs };
  const { response, isReplayed } = await submitTrigger(queue, limits, trigger, request, origin);
  const { outcome } = response as { readonly outcome?: TriggerOutcome };
  return { isKnown: isReplayed, applied: isReplayed ? 0 : (outcome?.totalApplied ?? 0) };
}

const SET_KINDS = { WARM_UP: SetKind.WARM_UP, WORK: SetKind.WORK, AMRAP: SetKind.AMRAP } as const;

function performedSet({ liftId, setNumber, kind, weight, targetReps, reps, rpe }: PlannedSet) {
  const set = { liftId, setNumber, kind: SET_KINDS[kind], weight, targetReps, repsPerformed: reps };
  return { ...set, rpe: rpe ?? undefined };
}
