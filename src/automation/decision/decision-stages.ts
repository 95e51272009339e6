/** The stages that a match passes on its way to an enrollment, each with the values that decided it. Pure. */
import type { Limits } from '../../config/config.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { isOpen, nextOpening } from '../time/business-hours.ts';
import type { TriggerRule } from './compile-trigger.ts';
import {
  countInWindowUntil,
  type EnrollmentState,
  findCloserThan,
  maxInAnyWindowAround,
  type PastEnrollment,
  toCapCounter,
  toPairKey,
} from './enrollment-state.ts';
import type { Match } from './match-event.ts';
import type { VerdictReason, VerdictValues } from './verdict-reason.ts';

/** The input of every stage. */
export interface StageInput {
  readonly match: Match;
  readonly rule: TriggerRule;
  readonly state: EnrollmentState;
  /** The enrollment that is decided again; it does not count against itself. */
  readonly ownEnrollmentId: string | null;
  /** The instant at which business hours are checked: the event's time, or the time of release. */
  readonly startsAt: Instant;
  readonly limits: LoopLimits;
}

export type LoopLimits = Pick<Limits, 'loopDepth' | 'loopEnrollments' | 'loopSpanMs'>;

export interface StageVerdict {
  readonly stage: StageName;
  /** Null when the stage is passed. */
  readonly reason: VerdictReason | null;
  readonly values: VerdictValues;
  /** The loop guard puts the athlete on hold in the workflow. */
  readonly makesHold?: boolean;
  /** When the queued enrollment is decided again. */
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

/** The stages in order; the first stage that is not passed decides. */
export const STAGES: readonly ((input: StageInput) => StageVerdict)[] = [
  evaluateCandidate,
  evaluateSubject,
  evaluateFilter,
  evaluateLoopGuard,
  evaluatePolicy,
  evaluateRate,
  evaluateBusinessHours,
];

/** The stages before the first one that reads a cap counter. */
export const STAGES_BEFORE_CAPS = STAGES.slice(0, STAGES.indexOf(evaluatePolicy));

function passed(stage: StageName, values: VerdictValues = {}): StageVerdict {
  return { stage, reason: null, values };
}

/** An occurrence whose time passed while no worker was running does not enroll. */
function evaluateCandidate({ match: { event } }: StageInput): StageVerdict {
  return event.triggerId !== null && event.data.missed === true
    ? { stage: 'candidate', reason: 'MISSED', values: { occurrence: event.occurrenceKey ?? '' } }
    : passed('candidate');
}

function evaluateSubject({ match: { subject } }: StageInput): StageVerdict {
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

function evaluateFilter({ match }: StageInput): StageVerdict {
  return match.matched ? passed('filter') : { stage: 'filter', reason: 'NOT_MATCHED', values: {} };
}

function evaluateLoopGuard(input: StageInput): StageVerdict {
  const { match, state, limits } = input;
  const { event, trigger } = match;
  const stage = 'loop_guard';
  if (event.depth > limits.loopDepth) {
    return { stage, reason: 'LOOP_DEPTH', values: { depth: `${event.depth}`, limit: `${limits.loopDepth}` } };
  }
  if (event.chain.includes(trigger.workflowId)) {
    return { stage, reason: 'LOOP_CYCLE', values: { chain: event.chain.join(' ') } };
  }
  const hold = state.hold(toMatchPairKey(match));
  if (hold && hold.releasedAt === null) {
    return { stage, reason: 'LOOP_CYCLE', values: { held_at: instantToText(hold.heldAt) } };
  }
  const since = hold?.releasedAt ?? null;
  const times = listOtherEnrollments(input)
    .filter(({ recordedAt }) => since === null || recordedAt > since)
    .map(({ enrolledAt }) => enrolledAt);
  const count = countInWindowUntil(times, event.occurredAt, BigInt(limits.loopSpanMs) * 1000n);
  const values = { enrollments: `${count}`, span_seconds: `${limits.loopSpanMs / 1000}` };
  return count < limits.loopEnrollments
    ? passed(stage, values)
    : { stage, reason: 'LOOP_CYCLE', values, makesHold: true };
}

function evaluatePolicy(input: StageInput): StageVerdict {
  const { match, rule, state } = input;
  const { policy, cooldown, cap } = rule.policy;
  const stage = 'policy';
  const others = listOtherEnrollments(input);
  const inTheWay =
    policy === 'MULTIPLE' ? undefined : others.find(({ isOpen: open }) => policy === 'ONCE_EVER' || open);
  if (inTheWay) {
    const values = { policy, enrolled_at: instantToText(inTheWay.enrolledAt) };
    return { stage, reason: 'ALREADY_ENROLLED', values };
  }
  const { occurredAt } = match.event;
  const times = others.map(({ enrolledAt }) => enrolledAt);
  const recent = findCloserThan(times, occurredAt, cooldown);
  if (recent !== undefined) {
    const values = { enrolled_at: instantToText(recent), cooldown_until: instantToText(recent + cooldown) };
    return { stage, reason: 'COOLDOWN', values };
  }
  if (!cap) {
    return passed(stage, { policy });
  }
  const counter = toCapCounter(cap, occurredAt);
  const count = state.count(counter);
  const values = {
    policy,
    cap: `${cap.count}`,
    cap_used: `${count}`,
    cap_window_began_at: instantToText(counter.windowBeganAt),
    cap_window_seconds: `${cap.windowSeconds}`,
  };
  return count < cap.count ? passed(stage, values) : { stage, reason: 'CAP_REACHED', values };
}

function evaluateRate(input: StageInput): StageVerdict {
  const { match, rule } = input;
  const { limit } = rule.policy;
  if (!limit) {
    return passed('rate');
  }
  const times = listOtherEnrollments(input).map(({ enrolledAt }) => enrolledAt);
  const count = maxInAnyWindowAround(times, match.event.occurredAt, limit.window);
  const values = {
    limit: `${limit.count}`,
    enrollments: `${count}`,
    window_seconds: `${limit.window / 1_000_000n}`,
  };
  return count < limit.count ? passed('rate', values) : { stage: 'rate', reason: 'RATE_LIMITED', values };
}

function evaluateBusinessHours({ rule, startsAt }: StageInput): StageVerdict {
  const { businessHours } = rule.policy;
  const stage = 'business_hours';
  if (!businessHours || isOpen(businessHours, startsAt)) {
    return passed(stage);
  }
  const opensAt = nextOpening(businessHours, startsAt);
  const values = { opens_at: instantToText(opensAt), time_zone: businessHours.timeZone };
  return { stage, reason: 'OUTSIDE_BUSINESS_HOURS', values, opensAt };
}

function listOtherEnrollments({ match, state, ownEnrollmentId }: StageInput): readonly PastEnrollment[] {
  return state
    .enrollments(toMatchPairKey(match))
    .filter(({ id }) => ownEnrollmentId === null || id !== ownEnrollmentId);
}

export function toMatchPairKey({ trigger, userId }: Match): string {
  return toPairKey(trigger.workflowId, userId);
}
