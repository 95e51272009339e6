/** Decides what becomes of matches, one after the other. No clock, no I/O: all that it depends on is in the standing. */
import type { Instant } from '../../values/instant.ts';
import { isReadable, type TriggerRule } from './compile-trigger.ts';
import type { Match } from './match.ts';
import {
  type LoopLimits,
  pairOf,
  type Situation,
  STAGES,
  STAGES_BEFORE_CAPS,
  type StageVerdict,
} from './stages.ts';
import { type CapCounter, counterAt, counterKey, type Standing } from './standing.ts';
import type { VerdictReason, VerdictValues } from './verdict.ts';

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
export interface Release {
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
  standing: Standing,
  now: Instant,
  limits: LoopLimits,
): Verdict[] {
  return matches.map((match) => {
    const verdict = decide(match, standing, limits);
    apply(verdict, standing, now);
    return verdict;
  });
}

/** A trigger that cannot be evaluated is an ERROR, and nobody else's. */
export function decide(match: Match, standing: Standing, limits: LoopLimits, release?: Release): Verdict {
  const { rule } = match.trigger;
  if (!isReadable(rule)) {
    return verdictOf(match, 'ERROR', { problem: rule.problem });
  }
  try {
    const stopped = firstStop(STAGES, situationOf(match, rule, standing, limits, release));
    const verdict = stopped?.reason
      ? stoppedBy(stopped, stopped.reason, match)
      : verdictOf(match, 'ENROLLED');
    const { workflowId } = match.trigger;
    return enrolls(verdict) ? { ...verdict, workflowVersion: standing.workflowVersion(workflowId) } : verdict;
  } catch (error) {
    return verdictOf(match, 'ERROR', { problem: error instanceof Error ? error.message : String(error) });
  }
}

/** What every stage says, also those after the one that decides. Throws what `decide` takes for an ERROR. */
export function judgeAll(
  match: Match,
  rule: TriggerRule,
  standing: Standing,
  limits: LoopLimits,
  release?: Release,
): StageVerdict[] {
  const situation = situationOf(match, rule, standing, limits, release);
  return STAGES.map((judge) => judge(situation));
}

/** The place of a cap that an enrollment takes. */
export function counterOf({ trigger: { rule }, event }: Match): CapCounter | null {
  return isReadable(rule) && rule.policy.cap ? counterAt(rule.policy.cap, event.occurredAt) : null;
}

/**
 * The counters that the matches may take a place of. Whatever is decided among them, no other is asked for: enrollments
 * that are still to be decided only ever stop more of them.
 */
export function countersWanted(
  matches: readonly Match[],
  standing: Standing,
  limits: LoopLimits,
): CapCounter[] {
  const wanted = new Map<string, CapCounter>();
  for (const match of matches) {
    const { rule } = match.trigger;
    const counter = counterOf(match);
    if (counter && isReadable(rule)) {
      const situation = situationOf(match, rule, standing, limits);
      if (!firstStop(STAGES_BEFORE_CAPS, situation)) {
        wanted.set(counterKey(counter), counter);
      }
    }
  }
  return [...wanted.values()];
}

function situationOf(
  match: Match,
  rule: TriggerRule,
  standing: Standing,
  limits: LoopLimits,
  release?: Release,
): Situation {
  const startsAt = release?.startsAt ?? match.event.occurredAt;
  return { match, rule, standing, limits, startsAt, ownEnrollmentId: release?.enrollmentId ?? null };
}

function firstStop(stages: typeof STAGES, situation: Situation): StageVerdict | undefined {
  for (const judge of stages) {
    const verdict = judge(situation);
    if (verdict.reason) {
      return verdict;
    }
  }
  return undefined;
}

function apply(verdict: Verdict, standing: Standing, now: Instant): void {
  const { match, makesHold } = verdict;
  const pair = pairOf(match);
  if (makesHold) {
    standing.setHold(pair, { heldAt: now, releasedAt: null });
  }
  if (enrolls(verdict)) {
    standing.addEnrollment(pair, {
      id: '',
      enrolledAt: match.event.occurredAt,
      recordedAt: now,
      isOpen: true,
    });
    const counter = counterOf(match);
    if (counter) {
      standing.setCount(counter, standing.count(counter) + 1);
    }
  }
}

function verdictOf(match: Match, reason: VerdictReason, values: VerdictValues = {}): Verdict {
  return { match, reason, values, opensAt: null, makesHold: false, workflowVersion: 0 };
}

function stoppedBy(stage: StageVerdict, reason: VerdictReason, match: Match): Verdict {
  const { values, opensAt = null, makesHold = false } = stage;
  return { match, reason, values, opensAt, makesHold, workflowVersion: 0 };
}
