/** MANUAL: a caller asks for one rule, in place of the rule's own trigger. */

import { ruleKey } from '../snapshot.ts';
import type { ManualTrigger } from '../trigger-event.ts';
import { factsOfSets, freeInstant, type Trigger, UNCONCERNED } from './trigger.ts';

/**
 * Rules that depend on repetitions see those of the lift's latest session. Without force a rule applies at
 * most once for the latest real event, whether the event itself or an earlier manual trigger applied it.
 */
export const manual: Trigger<ManualTrigger> = ({ detail, occurredAt }, snapshot) => {
  const context = { manual: true, forced: detail.force, reason: detail.reason, actor: detail.actor };
  const key = detail.force ? detail.requestId : `after:${snapshot.latestEventKey ?? 'none'}`;
  return [
    {
      triggerKey: `manual:${key}`,
      at: freeInstant(occurredAt, snapshot.takenInstants),
      judge({ liftId, progressionId }) {
        if (progressionId !== detail.progressionId || (detail.liftId !== null && liftId !== detail.liftId)) {
          return UNCONCERNED;
        }
        const logId = snapshot.standingLogIds.get(ruleKey(liftId, progressionId));
        if (logId && !detail.force) {
          return { kind: 'SKIPPED', triggerType: 'MANUAL', reason: 'ALREADY_APPLIED', logId };
        }
        const facts = factsOfSets(snapshot.sessionSets.filter((set) => set.liftId === liftId));
        return { kind: 'FIRED', triggerType: 'MANUAL', facts, context, failedSet: null };
      },
    },
  ];
};
