/** What an event did to each lift, and why another rule did not apply, in sentences. */
import type { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import {
  type LoggedSet,
  type ProgressionResult,
  ResultReason,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { formatWeight, plural, type ShownUnit } from './formats.ts';
import type { Names } from './names.ts';

/** What became of one lift. */
export interface LiftWords {
  readonly liftId: string;
  readonly tone: 'up' | 'down' | 'held';
  readonly text: string;
  /** What else was considered, one sentence for each rule. */
  readonly details: readonly string[];
}

export interface WordsContext {
  readonly names: Names;
  readonly stored: WeightUnit;
  readonly shown: ShownUnit;
  /** The sets of the session; empty: not known. */
  readonly sets: readonly LoggedSet[];
}

/**
 * The reasons that explain best why a lift stayed, best first. The others say that a rule was not meant for the event,
 * and are told among the details.
 */
const TELLING: readonly ResultReason[] = [
  ResultReason.TARGET_MISSED,
  ResultReason.REP_CEILING_NOT_REACHED,
  ResultReason.REP_THRESHOLD_NOT_MET,
  ResultReason.STAGES_EXHAUSTED,
  ResultReason.AT_LIMIT,
  ResultReason.NO_CURRENT_MAX,
  ResultReason.REPS_MISSING,
  ResultReason.OFF_FOR_ATHLETE,
  ResultReason.DISABLED,
  ResultReason.ALREADY_APPLIED,
  ResultReason.FAILURE_THRESHOLD_NOT_MET,
];

/** One entry for each lift that a rule looked at, in the order of evaluation. */
export function describeResults(results: readonly ProgressionResult[], context: WordsContext): LiftWords[] {
  return [...Map.groupBy(results, ({ liftId }) => liftId)].map(([liftId, ofLift]) =>
    describeLift(liftId, ofLift, context),
  );
}

function describeLift(
  liftId: string,
  results: readonly ProgressionResult[],
  context: WordsContext,
): LiftWords {
  const { names, stored, shown } = context;
  const lift = names.lift(liftId);
  const applied = results.filter((result) => result.applied);
  const others = results.filter((result) => !result.applied);
  const details = others.map((result) => `${names.rule(result.progressionId)}: ${whyNot(result, context)}`);
  const first = applied[0];
  const last = applied.at(-1);
  if (first && last) {
    const change = Number(last.newValue) - Number(first.previousValue);
    const by = applied.map((result) => names.rule(result.progressionId)).join(', ');
    const from = formatWeight(first.previousValue, stored, shown);
    const to = formatWeight(last.newValue, stored, shown);
    const stage = last.stage && last.stageBefore && last.stage.index !== last.stageBefore.index;
    const stages = stage ? `, stage ${last.stageBefore?.name} → ${last.stage?.name}` : '';
    return change === 0
      ? { liftId, tone: 'held', text: `${lift} stays at ${to}${stages} (${by})`, details }
      : {
          ...{ liftId, details, tone: change > 0 ? 'up' : 'down' },
          text: `${lift} ${change > 0 ? 'up' : 'down'} from ${from} to ${to}${stages} (${by})`,
        };
  }
  const telling = TELLING.map((reason) => others.find((result) => result.reason === reason)).find(Boolean);
  const held = telling ?? others[0];
  const value = held?.previousValue ? ` stays at ${formatWeight(held.previousValue, stored, shown)}` : '';
  return {
    ...{ liftId, details, tone: 'held' },
    text: held ? `${lift}${value}: ${whyNot(held, context)}` : `${lift}: no rule looked at it`,
  };
}

/** A sentence's second half. */
function whyNot({ reason, progressionId, liftId }: ProgressionResult, { names, sets }: WordsContext): string {
  const parameters = names.rules.get(progressionId)?.parameters?.rule;
  switch (reason) {
    case ResultReason.TARGET_MISSED:
      return describeMisses(sets.filter((set) => set.liftId === liftId && set.failed));
    case ResultReason.FAILURE_THRESHOLD_NOT_MET:
      return parameters?.case === 'deloadOnFailure'
        ? `a deload needs ${parameters.value.failureThreshold} missed in a row`
        : 'not enough missed in a row';
    case ResultReason.REP_CEILING_NOT_REACHED:
      return parameters?.case === 'doubleProgression'
        ? `the top of the range, ${plural(parameters.value.maxReps, 'repetition')}, was not reached`
        : 'the top of the repetition range was not reached';
    case ResultReason.DISABLED:
      return 'the rule is switched off in the program';
    case ResultReason.LIFT_NOT_PERFORMED:
      return 'the session did not contain the lift';
    case ResultReason.TRIGGER_TYPE_MISMATCH:
      return 'the rule answers to another kind of event';
    case ResultReason.MAX_TYPE_MISMATCH:
      return 'the rule changes another kind of max';
    case ResultReason.NO_CURRENT_MAX:
      return 'the athlete has no max for it yet';
    case ResultReason.REP_THRESHOLD_NOT_MET:
      return 'the AMRAP set earned nothing';
    case ResultReason.NOT_AMRAP:
      return 'the rule looks at AMRAP sets only';
    case ResultReason.STAGES_EXHAUSTED:
      return 'the last stage was missed, and the rule does not start over';
    case ResultReason.AT_LIMIT:
      return "the value is at the rule's limit";
    case ResultReason.ALREADY_APPLIED:
      return 'this event was handled before';
    case ResultReason.SUPERSEDED_BY_DELOAD:
      return 'a deload of the same lift won';
    case ResultReason.REPS_MISSING:
      return 'the rule needs the repetitions of a set, and none was logged';
    case ResultReason.FAILURE_COUNT_MISSING:
      return 'the rule needs a count of misses, and there is none';
    case ResultReason.ESTIMATE_NOT_HIGHER:
      return 'the AMRAP set lets expect no higher max';
    case ResultReason.OFF_FOR_ATHLETE:
      return 'the rule is switched off for this athlete';
    default:
      return 'no reason was recorded';
  }
}

/** `set 3 had 4 of 5 repetitions`, with at most three sets named. */
function describeMisses(missed: readonly LoggedSet[]): string {
  if (missed.length === 0) {
    return 'a work set missed its target';
  }
  const named = missed
    .toSorted((a, b) => a.setNumber - b.setNumber)
    .slice(0, 3)
    .map((set) => `set ${set.setNumber} had ${set.repsPerformed} of ${set.targetReps} repetitions`);
  const more = missed.length - named.length;
  return `${named.join(', ')}${more > 0 ? `, and ${plural(more, 'more set')} missed` : ''}`;
}
