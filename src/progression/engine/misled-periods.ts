/** Weeks and cycles whose applications followed from sets that are other ones now. */
import type { ProgramRules } from '../evaluation/program-rules.ts';
import type { Rule } from '../evaluation/rules/rule.ts';
import { isFailedSet, isWorkSet } from '../evaluation/trigger-event.ts';
import type { AppliedVersion } from './compensate.ts';
import type { History, SetItem } from './history.ts';

/** Whether the application of a week or a cycle asked for success or performance, and a set before it changed in that. */
export function isMisledPeriod(
  { log, liftId, sequence }: AppliedVersion,
  before: History,
  after: History,
  { assignments }: ProgramRules,
): boolean {
  const rule = assignments.find((each) => each.progressionId === log.progressionId)?.rule;
  return (
    (log.triggerType === 'AFTER_WEEK' || log.triggerType === 'AFTER_CYCLE') &&
    rule !== undefined &&
    asksForSets(rule, log) &&
    judgedUntil(before, liftId, sequence) !== judgedUntil(after, liftId, sequence)
  );
}

function asksForSets(rule: Rule, { triggerType, previousValue }: AppliedVersion['log']): boolean {
  const input = {
    ...{ triggerType, maxType: rule.maxType, currentValue: previousValue, overrideIncrement: null },
    ...{ isAmrap: false, repsPerformed: null, weightPerformed: null, workSetReps: [], isTooLight: false },
    ...{ consecutiveFailures: null, stage: 0 },
  };
  const isHeld = (targetMissed: boolean, wasPerformed: boolean) =>
    !rule.apply({ ...input, targetMissed, wasPerformed }).applied;
  return isHeld(true, true) || isHeld(false, false);
}

/** The work sets of the lift up to there, and which of them failed. */
function judgedUntil({ sets }: History, liftId: string, until: bigint): string {
  const isJudged = ({ set, sequence }: SetItem) =>
    set.liftId === liftId && isWorkSet(set) && sequence < until;
  return sets
    .filter(isJudged)
    .map(({ set }) => `${set.id} ${isFailedSet(set)}`)
    .toSorted()
    .join();
}
