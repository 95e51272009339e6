/**
 * Decides, match by match, whether an athlete is enrolled. Pure: every input is in the match or the
 * enrollment state.
 */
import type { Instant } from '../../values/instant.ts';
import { isReadable, type TriggerRule } from './compile-trigger.ts';
import {
  type DecisionContext,
  type HoldChange,
  STAGES,
  STAGES_BEFORE_CAPS,
  type StageInput,
  type StageVerdict,
  toMatchPairKey,
} from './decision-stages.ts';
import { type CapCounter, type EnrollmentState, toCapCounter, toCapCounterKey } from './enrollment-state.ts';
import type { Match } from './match-event.ts';
import type { VerdictReason, VerdictValues } from './verdict-reason.ts';

export interface Verdict {
  readonly match: Match;
  readonly reason: VerdictReason;
  readonly values: VerdictValues;
  /** When business hours begin, for an enrollment that is queued until then. */
  readonly opensAt: Instant | null;
  readonly hold: HoldChange | null;
  /** The version whose actions the enrollment runs; 0 when there is no enrollment. */
  readonly workflowVersion: number;
  /** The types of events that end the enrollment. */
  readonly exitEvents: readonly string[];
}

/** Whether the verdict creates an enrollment that starts now or when business hours begin. */
export function enrolls({ reason }: Verdict): boolean {
  return reason === 'ENROLLED' || reason === 'OUTSIDE_BUSINESS_HOURS';
}

/** Decides the matches in order; each verdict counts for the matches after it. */
export function decideAll(
  matches: readonly Match[],
  state: EnrollmentState,
  decision: DecisionContext,
): Verdict[] {
  return matches.map((match) => {
    const verdict = decide(match, state, decision);
    applyVerdict(verdict, state, decision.now);
    return verdict;
  });
}

/**
 * Decides one match. A trigger that cannot be evaluated gets the verdict ERROR and does not affect other
 * triggers.
 */
export function decide(match: Match, state: EnrollmentState, decision: DecisionContext): Verdict {
  const { rule } = match.trigger;
  if (!isReadable(rule)) {
    return createVerdict(match, 'ERROR', { problem: rule.problem });
  }
  try {
    const stopped = findFirstStop(decision.ignoresPolicy ? STAGES_BEFORE_CAPS : STAGES, {
      ...{ match, rule, state, decision },
    });
    const verdict = stopped?.reason
      ? toStoppedVerdict(stopped, stopped.reason, match)
      : createVerdict(match, 'ENROLLED');
    const { workflowId } = match.trigger;
    return enrolls(verdict)
      ? {
          ...verdict,
          workflowVersion: state.workflowVersion(workflowId),
          exitEvents: state.exitEvents(workflowId),
        }
      : verdict;
  } catch (error) {
    return createVerdict(match, 'ERROR', { problem: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * Evaluates every stage, including those after the deciding one. Throws where `decide` answers with ERROR.
 */
export function evaluateAllStages(
  match: Match,
  rule: TriggerRule,
  state: EnrollmentState,
  decision: DecisionContext,
): StageVerdict[] {
  const input = { match, rule, state, decision };
  return STAGES.map((evaluate) => evaluate(input));
}

/** The cap counter that an enrollment increments; null when the trigger has no cap. */
export function computeCapCounter({ trigger: { rule }, event }: Match): CapCounter | null {
  return isReadable(rule) && rule.policy.cap ? toCapCounter(rule.policy.cap, event.occurredAt) : null;
}

/**
 * Finds the cap counters that the matches may increment. Verdicts of earlier matches can only exclude later
 * ones, so deciding never needs a counter outside of this set.
 */
export function findReachableCapCounters(
  matches: readonly Match[],
  state: EnrollmentState,
  decision: DecisionContext,
): CapCounter[] {
  const wanted = new Map<string, CapCounter>();
  for (const match of matches) {
    const { rule } = match.trigger;
    const counter = computeCapCounter(match);
    if (counter && isReadable(rule)) {
      if (!findFirstStop(STAGES_BEFORE_CAPS, { match, rule, state, decision })) {
        wanted.set(toCapCounterKey(counter), counter);
      }
    }
  }
  return [...wanted.values()];
}

function findFirstStop(stages: typeof STAGES, input: StageInput): StageVerdict | undefined {
  for (const evaluate of stages) {
    const verdict = evaluate(input);
    if (verdict.reason) {
      return verdict;
    }
  }
  return undefined;
}

function applyVerdict(verdict: Verdict, state: EnrollmentState, now: Instant): void {
  const { match, hold } = verdict;
  const pair = toMatchPairKey(match);
  if (hold) {
    const heldAt = hold === 'PLACED' ? now : (state.hold(pair)?.heldAt ?? now);
    state.setHold(pair, { heldAt, lastEventAt: now, releasedAt: null });
  }
  if (enrolls(verdict)) {
    state.addEnrollment(pair, {
      id: '',
      enrolledAt: match.event.occurredAt,
      recordedAt: now,
      isOpen: true,
      isCausedByWorkflow: match.event.depth > 0,
    });
    const counter = computeCapCounter(match);
    if (counter) {
      state.setCount(counter, state.count(counter) + 1);
    }
  }
}

function createVerdict(match: Match, reason: VerdictReason, values: VerdictValues = {}): Verdict {
  return { match, reason, values, opensAt: null, hold: null, workflowVersion: 0, exitEvents: [] };
}

function toStoppedVerdict(stage: StageVerdict, reason: VerdictReason, match: Match): Verdict {
  const { values, opensAt = null, hold = null } = stage;
  return { match, reason, values, opensAt, hold, workflowVersion: 0, exitEvents: [] };
}
