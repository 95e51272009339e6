/** AFTER_SESSION, and ON_FAILURE for rules that count by session: a session was completed. */
import { isFailedSet, isWorkSet, type SessionCompleted, sessionTriggerKey } from '../trigger-event.ts';
import { factsOfSets, failureVerdict, freeInstant, type Trigger, UNCONCERNED } from './trigger.ts';

export const sessionCompleted: Trigger<SessionCompleted> = ({ detail, occurredAt }, snapshot) => {
  const performed = new Set(detail.liftsPerformed);
  const context = { sessionId: detail.sessionId, daySlug: detail.daySlug, weekNumber: detail.weekNumber };
  const setsOf = (liftId: string) => snapshot.sessionSets.filter((set) => set.liftId === liftId);
  return [
    {
      triggerKey: sessionTriggerKey(detail.sessionId),
      at: freeInstant(occurredAt, snapshot.takenInstants),
      judge({ rule, liftId }) {
        if (rule.triggerType === 'AFTER_SESSION') {
          return performed.has(liftId)
            ? {
                kind: 'FIRED',
                triggerType: 'AFTER_SESSION',
                facts: factsOfSets(setsOf(liftId)),
                context,
                failedSet: null,
              }
            : { kind: 'SKIPPED', triggerType: 'AFTER_SESSION', reason: 'LIFT_NOT_PERFORMED', logId: null };
        }
        if (rule.countBy === 'SESSION' && performed.has(liftId)) {
          const workSets = setsOf(liftId).filter(isWorkSet);
          return workSets.length > 0 ? failureVerdict(workSets.findLast(isFailedSet)) : UNCONCERNED;
        }
        return UNCONCERNED;
      },
    },
  ];
};
