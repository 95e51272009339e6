/** AFTER_SESSION, and ON_FAILURE for rules that count by session: a session was completed. */
import type { MaxType, StageParameters } from '../rules/rule.ts';
import { ruleKey, type Snapshot, stageWithin } from '../snapshot.ts';
import {
  isFailedSet,
  isTooLight,
  isWorkSet,
  type PerformedSet,
  type SessionCompleted,
  sessionTriggerKey,
} from '../trigger-event.ts';
import { factsOfSets, failureVerdict, freeInstant, type Trigger, UNCONCERNED } from './trigger.ts';

export const sessionCompleted: Trigger<SessionCompleted> = ({ detail, occurredAt }, snapshot) => {
  const performed = new Set(detail.liftsPerformed);
  const context = { sessionId: detail.sessionId, daySlug: detail.daySlug, weekNumber: detail.weekNumber };
  const stages = volumeStages(snapshot);
  const workSetsOf = (liftId: string) =>
    snapshot.sessionSets.filter((set) => set.liftId === liftId && isWorkSet(set));
  return [
    {
      triggerKey: sessionTriggerKey(detail.sessionId),
      at: freeInstant(occurredAt, snapshot.takenInstants),
      judge({ rule, liftId }) {
        const workSets = workSetsOf(liftId);
        const ofMax = stages.get(liftId)?.filter(({ maxType }) => maxType === rule.maxType) ?? [];
        const missedSet = setThatMissed(workSets, ofMax);
        if (rule.triggerType === 'AFTER_SESSION') {
          const facts = { ...factsOfSets(workSets), targetMissed: missedSet !== undefined };
          return performed.has(liftId)
            ? { kind: 'FIRED', triggerType: 'AFTER_SESSION', facts, context, failedSet: null }
            : { kind: 'SKIPPED', triggerType: 'AFTER_SESSION', reason: 'LIFT_NOT_PERFORMED', logId: null };
        }
        if (rule.countBy === 'SESSION' && performed.has(liftId)) {
          return workSets.length > 0 ? failureVerdict(missedSet) : UNCONCERNED;
        }
        return UNCONCERNED;
      },
    },
  ];
};

/** By lift: the stages whose volume sessions of it are judged by. Other lifts are judged set by set. */
export function volumeStages({
  program,
  stages,
}: Pick<Snapshot, 'program' | 'stages'>): Map<string, VolumeStage[]> {
  const byLift = new Map<string, VolumeStage[]>();
  for (const { liftId, progressionId, enabled, rule } of program.assignments) {
    const stage = rule.stages?.[stageWithin(rule, stages.get(ruleKey(liftId, progressionId)))];
    if (enabled && rule.failBy === 'VOLUME' && stage) {
      byLift.set(liftId, [...(byLift.get(liftId) ?? []), { maxType: rule.maxType, stage }]);
    }
  }
  return byLift;
}

export interface VolumeStage {
  readonly maxType: MaxType;
  readonly stage: StageParameters;
}

/**
 * The last set that failed when the session missed its target, else undefined. A volume can be missed without a failed set,
 * by too few of them: the last set stands for it then. A session without work sets missed nothing.
 */
function setThatMissed(
  workSets: readonly PerformedSet[],
  stages: readonly VolumeStage[],
): PerformedSet | undefined {
  const failedSet = workSets.findLast(isFailedSet);
  if (stages.length === 0) {
    return failedSet;
  }
  const counted = workSets.filter((set) => !isTooLight(set));
  const volume = counted.reduce((sum, { repsPerformed }) => sum + repsPerformed, 0);
  return stages.some(({ stage }) => volume < stage.minVolume) ? (failedSet ?? workSets.at(-1)) : undefined;
}
