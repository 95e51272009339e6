/** AFTER_WEEK and AFTER_CYCLE: a week or a cycle ended, for every lift in scope. */
import type { Instant } from '../../../values/instant.ts';
import type { Snapshot } from '../snapshot.ts';
import { type CycleCompleted, cycleTriggerKey, type WeekAdvanced, weekTriggerKey } from '../trigger-event.ts';
import {
  freeInstant,
  NO_FACTS,
  type Step,
  type Trigger,
  type TriggerContext,
  UNCONCERNED,
} from './trigger.ts';

/** The athlete completed a week; the last week of a cycle counts too. */
export const weekAdvanced: Trigger<WeekAdvanced> = ({ detail, occurredAt }, snapshot) => {
  const context = { weekNumber: detail.previousWeek, cycleIteration: detail.cycleIteration };
  const triggerKey = weekTriggerKey(snapshot.enrollmentId, detail);
  return [periodStep('AFTER_WEEK', triggerKey, context, occurredAt, snapshot)];
};

/** The athlete completed a cycle. */
export const cycleCompleted: Trigger<CycleCompleted> = ({ detail, occurredAt }, snapshot) => {
  const context = { cycleIteration: detail.completedCycle, totalWeeks: detail.totalWeeks };
  const triggerKey = cycleTriggerKey(snapshot.enrollmentId, detail);
  return [periodStep('AFTER_CYCLE', triggerKey, context, occurredAt, snapshot)];
};

function periodStep(
  triggerType: 'AFTER_WEEK' | 'AFTER_CYCLE',
  triggerKey: string,
  context: TriggerContext,
  occurredAt: Instant,
  snapshot: Snapshot,
): Step {
  return {
    triggerKey,
    at: freeInstant(occurredAt, snapshot.takenInstants),
    judge({ rule, liftId }) {
      if (rule.triggerType !== triggerType) {
        return UNCONCERNED;
      }
      const facts = {
        ...NO_FACTS,
        targetMissed: snapshot.missedLiftIds.has(liftId),
        wasPerformed: snapshot.performedLiftIds.has(liftId),
      };
      return { kind: 'FIRED', triggerType, facts, context, failedSet: null };
    },
  };
}
