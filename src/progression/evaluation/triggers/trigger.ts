/** The interface of a trigger: splits an event into steps, and judges each rule in scope at each step. */
import type { Instant } from '../../../values/instant.ts';
import type { Assignment } from '../program-rules.ts';
import type { RuleInput, SkipReason, TriggerType } from '../rules/rule.ts';
import type { Snapshot } from '../snapshot.ts';
import type { EventDetail, PerformedSet, TriggerEvent } from '../trigger-event.ts';
import { isFailedSet, isTooLight, isWorkSet } from '../trigger-event.ts';

/** What the event says about one lift. */
export type LiftFacts = Pick<
  RuleInput,
  | 'targetMissed'
  | 'wasPerformed'
  | 'isAmrap'
  | 'repsPerformed'
  | 'weightPerformed'
  | 'workSetReps'
  | 'isTooLight'
>;

/** The context that is stored with an application; its fields depend on the trigger type. */
export type TriggerContext = Readonly<Record<string, string | number | boolean>>;

export type Verdict =
  /** The rule is not concerned, and has no result. */
  | { readonly kind: 'UNCONCERNED' }
  /** The lift met its target: the failure counter is reset. */
  | { readonly kind: 'MET' }
  /** The rule's trigger fired. `failedSet` is the set that an ON_FAILURE rule counts. */
  | {
      readonly kind: 'FIRED';
      readonly triggerType: TriggerType;
      readonly facts: LiftFacts;
      readonly context: TriggerContext;
      readonly failedSet: PerformedSet | null;
    }
  /** The rule's trigger fired, but not for this lift. */
  | {
      readonly kind: 'SKIPPED';
      readonly triggerType: TriggerType;
      readonly reason: SkipReason;
      readonly logId: string | null;
    };

export const UNCONCERNED: Verdict = { kind: 'UNCONCERNED' };
export const MET: Verdict = { kind: 'MET' };
export const NO_FACTS: LiftFacts = {
  targetMissed: false,
  wasPerformed: false,
  isAmrap: false,
  repsPerformed: null,
  weightPerformed: null,
  workSetReps: [],
  isTooLight: false,
};

/** One step of an event; steps apply one after the other. */
export interface Step {
  /** The identity that makes an application unique. */
  readonly triggerKey: string;
  /** The instant of an application. */
  readonly at: Instant;
  judge(assignment: Assignment): Verdict;
}

/** Splits an event into steps. */
export type Trigger<D extends EventDetail> = (event: TriggerEvent<D>, snapshot: Snapshot) => Step[];

/** The judgement of an ON_FAILURE rule after a failure or success. */
export function failureVerdict(failedSet: PerformedSet | undefined): Verdict {
  if (!failedSet) {
    return MET;
  }
  const context = {
    loggedSetId: failedSet.id,
    ...contextOfSet(failedSet),
  };
  return { kind: 'FIRED', triggerType: 'ON_FAILURE', facts: NO_FACTS, context, failedSet };
}

/** What an application records of the set that caused it. */
export function contextOfSet({
  targetReps,
  repsPerformed,
  weight,
  targetWeight,
}: PerformedSet): TriggerContext {
  const weights = targetWeight && { weight: weight.toFixed(), targetWeight: targetWeight.toFixed() };
  return { targetReps, repsPerformed, ...weights };
}

/** The combined facts of a lift's work sets; the last AMRAP set, else the last set, represents them. */
export function factsOfSets(sets: readonly PerformedSet[]): LiftFacts {
  const workSets = sets.filter(isWorkSet);
  const set = workSets.findLast(({ kind }) => kind === 'AMRAP') ?? workSets.at(-1);
  return {
    targetMissed: workSets.some(isFailedSet),
    wasPerformed: workSets.length > 0,
    isAmrap: set?.kind === 'AMRAP',
    repsPerformed: set?.repsPerformed ?? null,
    weightPerformed: set?.weight ?? null,
    workSetReps: workSets.map(({ repsPerformed }) => repsPerformed),
    isTooLight: workSets.some(isTooLight),
  };
}

/** The first instant from `at` on that no other application of the athlete uses. */
export function freeInstant(at: Instant, taken: ReadonlySet<Instant>): Instant {
  let free = at;
  while (taken.has(free)) {
    free += 1n;
  }
  return free;
}
