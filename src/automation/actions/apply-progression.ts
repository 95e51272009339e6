/** Action apply_progression: applies one rule of the athlete's program through the engine. */
import { create } from '@bufbuild/protobuf';
import { TriggerProgressionRequestSchema } from '../../gen/progression/v1/progression_service_pb.ts';
import { submitTrigger } from '../../progression/engine/submit-trigger.ts';
import { triggerProgression } from '../../progression/trigger-progression.ts';
import { type ActionType, actorOf, describeStep, stepId } from './step.ts';
import { changesOfOutcome } from './step-changes.ts';

/** The engine's request ledger makes a repeated attempt return the first answer. */
export const applyProgression: ActionType<'applyProgression'> = {
  kind: 'CALL',
  async call({ limits, queue }, step, { progressionId, liftId, force }, now) {
    const { accountId, userId, cause } = step;
    const reason = describeStep(step);
    const request = create(TriggerProgressionRequestSchema, { userId, progressionId, liftId, force, reason });
    const { response } = await submitTrigger(queue, limits, triggerProgression, request, {
      accountId,
      cause,
      actor: actorOf(step),
      actorKind: 'AUTOMATION',
      requestId: stepId(step),
      receivedAt: now,
      deadlineAtMs: performance.now() + limits.stepTimeoutMs,
      signal: AbortSignal.timeout(limits.stepTimeoutMs),
    });
    const { outcome } = response;
    return outcome?.totalApplied ? { changes: changesOfOutcome(outcome) } : 'NO_CHANGE';
  },
};
