/** The stages that a matched event passes on its way to an enrollment, each with what decides in it. Pure. */
import type { Limits } from '../../config/config.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { isOpen, nextOpening } from '../time/business-hours.ts';
import type { TriggerRule } from './compile-trigger.ts';
import { closerThan, countInSpanUntil, mostInSpanAround } from './enrollment-windows.ts';
import type { Match } from './match.ts';
import { counterAt, type PastEnrollment, pairKey, type Standing } from './standing.ts';
import type { VerdictReason, VerdictValues } from './verdict.ts';

/** Everything that the stages look at. */
export interface Situation {
  readonly match: Match;
  readonly rule: TriggerRule;
  readonly standing: Standing;
  /** An enrollment that is decided about again, and does not stand in its own way. */
  readonly ownEnrollmentId: string | null;
  /** When business hours are looked at: the event's time, or that of a release. */
  readonly startsAt: Instant;
  readonly limits: LoopLimits;
}

export type LoopLimits = Pick<Limits, 'loopDepth' | 'loopEnrollments' | 'loopSpanMs'>;

export interface StageVerdict {
  readonly stage: StageName;
  /** null: passed. */
  readonly reason: VerdictReason | null;
  readonly values: VerdictValues;
  /** The loop guard keeps the athlete out of the workflow from now on. */
  readonly makesHold?: boolean;
  /** When what is queued is looked at again. */
  readonly opensAt?: Instant;
}

export type StageName =
  | 'candidate'
  | 'subject'
  | 'filter'
  | 'loop_guard'
  | 'policy'
  | 'rate'
  | 'business_hours';

/** In this order; the first that is not passed decides. */
export const STAGES: readonly ((situation: Situation) => StageVerdict)[] = [
  judgeCandidate,
  judgeSubject,
  judgeFilter,
  judgeLoop,
  judgePolicy,
  judgeRate,
  judgeBusinessHours,
];

/** Those before the first one that looks at a cap. */
export const STAGES_BEFORE_CAPS = STAGES.slice(0, STAGES.indexOf(judgePolicy));

function passed(stage: StageName, values: VerdictValues = {}): StageVerdict {
  return { stage, reason: null, values };
}

/** An occurrence whose time passed while nobody was there fires no more. */
function judgeCandidate({ match: { event } }: Situation): StageVerdict {
  return event.triggerId !== null && event.data.missed === true
    ? { stage: 'candidate', reason: 'MISSED', values: { occurrence: event.occurrenceKey ?? '' } }
    : passed('candidate');
}

function judgeSubject({ match: { subject } }: Situation): StageVerdict {
  const stage = 'subject';
  if (subject === null) {
    return { stage, reason: 'SUBJECT_DELETED', values: {} };
  }
  const { deletedAt, optedOutAt } = subject;
  if (deletedAt !== null) {
    return { stage, reason: 'SUBJECT_DELETED', values: { deleted_at: instantToText(deletedAt) } };
  }
  return optedOutAt === null
    ? passed(stage)
    : { stage, reason: 'OPTED_OUT', values: { opted_out_at: instantToText(optedOutAt) } };
}

function judgeFilter({ match }: Situation): StageVerdict {
  return match.matched ? passed('filter') : { stage: 'filter', reason: 'NOT_MATCHED', values: {} };
}

function judgeLoop(situation: Situation): StageVerdict {
  const { match, standing, limits } = situation;
  const { event, trigger } = match;
  const stage = 'loop_guard';
  if (event.depth > limits.loopDepth) {
    return { stage, reason: 'LOOP_DEPTH', values: { depth: `${event.depth}`, limit: `${limits.loopDepth}` } };
  }
  if (event.chain.includes(trigger.workflowId)) {
    return { stage, reason: 'LOOP_CYCLE', values: { chain: event.chain.join(' ') } };
  }
  const hold = standing.hold(pairOf(match));
  if (hold && hold.releasedAt === null) {
    return { stage, reason: 'LOOP_CYCLE', values: { held_at: instantToText(hold.heldAt) } };
  }
  const since = hold?.releasedAt ?? null;
  const times = othersOf(situation)
    .filter(({ recordedAt }) => since === null || recordedAt > since)
    .map(({ enrolledAt }) => enrolledAt);
  const count = countInSpanUntil(times, event.occurredAt, BigInt(limits.loopSpanMs) * 1000n);
  const values = { enrollments: `${count}`, span_seconds: `${limits.loopSpanMs / 1000}` };
  return count < limits.loopEnrollments
    ? passed(stage, values)
    : { stage, reason: 'LOOP_CYCLE', values, makesHold: true };
}

function judgePolicy(situation: Situation): StageVerdict {
  const { match, rule, standing } = situation;
  const { policy, cooldown, cap } = rule.policy;
  const stage = 'policy';
  const others = othersOf(situation);
  const inTheWay =
    policy === 'MULTIPLE' ? undefined : others.find(({ isOpen: open }) => policy === 'ONCE_EVER' || open);
  if (inTheWay) {
    const values = { policy, enrolled_at: instantToText(inTheWay.enrolledAt) };
    return { stage, reason: 'ALREADY_ENROLLED', values };
  }
  const { occurredAt } = match.event;
  const times = others.map(({ enrolledAt }) => enrolledAt);
  const recent = closerThan(times, occurredAt, cooldown);
  if (recent !== undefined) {
    const values = { enrolled_at: instantToText(recent), cooldown_until: instantToText(recent + cooldown) };
    return { stage, reason: 'COOLDOWN', values };
  }
  if (!cap) {
    return passed(stage, { policy });
  }
  const counter = counterAt(cap, occurredAt);
  const count = standing.count(counter);
  const values = {
    policy,
    cap: `${cap.count}`,
    cap_used: `${count}`,
    cap_window_began_at: instantToText(counter.windowBeganAt),
    cap_window_seconds: `${cap.windowSeconds}`,
  };
  return count < cap.count ? passed(stage, values) : { stage, reason: 'CAP_REACHED', values };
}

function judgeRate(situation: Situation): StageVerdict {
  const { match, rule } = situation;
  const { limit } = rule.policy;
  if (!limit) {
    return passed('rate');
  }
  const times = othersOf(situation).map(({ enrolledAt }) => enrolledAt);
  const count = mostInSpanAround(times, match.event.occurredAt, limit.window);
  const values = {
    limit: `${limit.count}`,
    enrollments: `${count}`,
    window_seconds: `${limit.window / 1_000_000n}`,
  };
  return count < limit.count ? passed('rate', values) : { stage: 'rate', reason: 'RATE_LIMITED', values };
}

function judgeBusinessHours({ rule, startsAt }: Situation): StageVerdict {
  const { businessHours } = rule.policy;
  const stage = 'business_hours';
  if (!businessHours || isOpen(businessHours, startsAt)) {
    return passed(stage);
  }
  const opensAt = nextOpening(businessHours, startsAt);
  const values = { opens_at: instantToText(opensAt), time_zone: businessHours.timeZone };
  return { stage, reason: 'OUTSIDE_BUSINESS_HOURS', values, opensAt };
}

function othersOf({ match, standing, ownEnrollmentId }: Situation): readonly PastEnrollment[] {
  return standing
    .enrollments(pairOf(match))
    .filter(({ id }) => ownEnrollmentId === null || id !== ownEnrollmentId);
}

export function pairOf({ trigger, userId }: Match): string {
  return pairKey(trigger.workflowId, userId);
}
