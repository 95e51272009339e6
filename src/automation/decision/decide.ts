/** Decides what becomes of matches, one after the other. No clock, no I/O: all that it depends on is in the state. */
import type { Instant } from '../../values/instant.ts';
import { isReadable, type TriggerRule } from './compile-trigger.ts';
import {
  type LoopLimits,
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
  /** For what waits for business hours: their beginning. */
  readonly opensAt: Instant | null;
  /** It puts the athlete on hold. */
  readonly makesHold: boolean;
  /** Whose actions the enrollment runs; 0: there is none. */
  readonly workflowVersion: number;
}

/** An enrollment that is decided about again, when its business hours begin. */
export interface QueuedRelease {
  readonly enrollmentId: string;
  readonly startsAt: Instant;
}

/** Whether there is an enrollment, now or once business hours begin. */
export function enrolls({ reason }: Verdict): boolean {
  return reason === 'ENROLLED' || reason === 'OUTSIDE_BUSINESS_HOURS';
}

/** In the order given; each verdict counts for those after it. `now` is when they are recorded. */
export function decideAll(
  matches: readonly Match[],
  state: EnrollmentState,
  now: Instant,
  limits: LoopLimits,
): Verdict[] {
  return matches.map((match) => {
    const verdict = decide(match, state, limits);
    applyVerdict(verdict, state, now);
    return verdict;
  });
}

/** A trigger that cannot be evaluated is an ERROR, and nobody else's. */
export function decide(
  match: Match,
  state: EnrollmentState,
  limits: LoopLimits,
  release?: QueuedRelease,
): Verdict {
  const { rule } = match.trigger;
  if (!isReadable(rule)) {
    return createVerdict(match, 'ERROR', { problem: rule.problem });
  }
  try {
    const stopped = findFirstStop(STAGES, toStageInput(match, rule, state, limits, release));
    const verdict = stopped?.reason
      ? toStoppedVerdict(stopped, stopped.reason, match)
      : createVerdict(match, 'ENROLLED');
    const { workflowId } = match.trigger;
    return enrolls(verdict) ? { ...verdict, workflowVersion: state.workflowVersion(workflowId) } : verdict;
  } catch (error) {
    return createVerdict(match, 'ERROR', { problem: error instanceof Error ? error.message : String(error) });
  }
}

/** What every stage says, also those after the one that decides. Throws what `decide` takes for an ERROR. */
export function evaluateAllStages(
  match: Match,
  rule: TriggerRule,
  state: EnrollmentState,
  limits: LoopLimits,
  release?: QueuedRelease,
): StageVerdict[] {
  const input = toStageInput(match, rule, state, limits, release);
  return STAGES.map((judge) => judge(input));
}

/** The place of a cap that an enrollment takes. */
export function computeCapCounter({ trigger: { rule }, event }: Match): CapCounter | null {
  return isReadable(rule) && rule.policy.cap ? toCapCounter(rule.policy.cap, event.occurredAt) : null;
}

/**
 * The counters that the matches may take a place of. Whatever is decided among them, no other is asked for: enrollments
 * that are still to be decided only ever stop more of them.
 */
export function findReachableCapCounters(
  matches: readonly Match[],
  state: EnrollmentState,
  limits: LoopLimits,
): CapCounter[] {
  const wanted = new Map<string, CapCounter>();
  for (const match of matches) {
    const { rule } = match.trigger;
    const counter = computeCapCounter(match);
    if (counter && isReadable(rule)) {
      const input = toStageInput(match, rule, state, limits);
      if (!findFirstStop(STAGES_BEFORE_CAPS, input)) {
        wanted.set(toCapCounterKey(counter), counter);
      }
    }
  }
  return [...wanted.values()];
}

function toStageInput(
  match: Match,
  rule: TriggerRule,
  state: EnrollmentState,
  limits: LoopLimits,
  release?: QueuedRelease,
): StageInput {
  const startsAt = release?.startsAt ?? match.event.occurredAt;
  return { match, rule, state, limits, startsAt, ownEnrollmentId: release?.enrollmentId ?? null };
}

function findFirstStop(stages: typeof STAGES, input: StageInput): StageVerdict | undefined {
  for (const judge of stages) {
    const verdict = judge(input);
    if (verdict.reason) {
      return verdict;
    }
  }
  return undefined;
}

function applyVerdict(verdict: Verdict, state: EnrollmentState, now: Instant): void {
  const { match, makesHold } = verdict;
  const pair = toMatchPairKey(match);
  if (makesHold) {
    state.setHold(pair, { heldAt: now, releasedAt: null });
  }
  if (enrolls(verdict)) {
    state.addEnrollment(pair, {
      id: '',
      enrolledAt: match.event.occurredAt,
      recordedAt: now,
      isOpen: true,
    });
    const counter = computeCapCounter(match);
    if (counter) {
      state.setCount(counter, state.count(counter) + 1);
    }
  }
}

function createVerdict(match: Match, reason: VerdictReason, values: VerdictValues = {}): Verdict {
  return { match, reason, values, opensAt: null, makesHold: false, workflowVersion: 0 };
}

function toStoppedVerdict(stage: StageVerdict, reason: VerdictReason, match: Match): Verdict {
  const { values, opensAt = null, makesHold = false } = stage;
  return { match, reason, values, opensAt, makesHold, workflowVersion: 0 };
}
