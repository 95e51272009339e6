/** AFTER_SET, and ON_FAILURE for rules that count by set: each work set is a step of its own. */
import type { Instant } from '../../../values/instant.ts';
import {
  isFailedSet,
  isWorkSet,
  type PerformedSet,
  type SetsLogged,
  setTriggerKey,
} from '../trigger-event.ts';
import {
  contextOfSet,
  factsOfSets,
  failureVerdict,
  freeInstant,
  type Step,
  type Trigger,
  UNCONCERNED,
} from './trigger.ts';

export const setsLogged: Trigger<SetsLogged> = ({ detail }, snapshot) => {
  const taken = new Set<Instant>(snapshot.takenInstants);
  return detail.sets.filter(isWorkSet).map((set) => {
    const at = freeInstant(set.performedAt, taken);
    taken.add(at);
    return setStep(detail.sessionId, set, at);
  });
};

function setStep(sessionId: string, set: PerformedSet, at: Instant): Step {
  const context = {
    sessionId,
    loggedSetId: set.id,
    setNumber: set.setNumber,
    ...contextOfSet(set),
  };
  return {
    triggerKey: setTriggerKey(sessionId, set),
    at,
    judge({ rule, liftId }) {
      if (liftId !== set.liftId) {
        return UNCONCERNED;
      }
      if (rule.triggerType === 'AFTER_SET') {
        return {
          kind: 'FIRED',
          triggerType: 'AFTER_SET',
          facts: factsOfSets([set]),
          context,
          failedSet: null,
        };
      }
      return rule.countBy === 'SET' ? failureVerdict(isFailedSet(set) ? set : undefined) : UNCONCERNED;
    },
  };
}
