/** The stages that a match passes on its way to an enrollment, each with the values that decided it. Pure. */
import type { Limits } from '../../config/config.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { isOpen, nextOpening, toCalendar } from '../time/business-hours.ts';
import type { TriggerRule } from './compile-trigger.ts';
import {
  countInWindowUntil,
  type EnrollmentState,
  findCloserThan,
  isHeld,
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
  readonly decision: DecisionContext;
}

/** What every match of a batch is decided with. */
export interface DecisionContext {
  /** The clock's time. Holds and business hours depend on it, everything else on the event's time. */
  readonly now: Instant;
  readonly limits: LoopLimits;
  /** The enrollment that is decided again; it does not count against itself. */
  readonly ownEnrollmentId?: string | null;
  /** Only the stages before the policy count, for a person who enrolls athletes past it. */
  readonly ignoresPolicy?: boolean;
}

export type LoopLimits = Pick<Limits, 'loopDepth' | 'loopEnrollments' | 'loopSpanMs' | 'holdQuietMs'>;

export interface StageVerdict {
  readonly stage: StageName;
  /** Null when the stage is passed. */
  readonly reason: VerdictReason | null;
  readonly values: VerdictValues;
  readonly hold?: HoldChange;
  /** When the queued enrollment is decided again. */
  readonly opensAt?: Instant;
}

/** The loop guard puts the athlete on hold in the workflow, or an event prolongs the hold. */
export type HoldChange = 'PLACED' | 'PROLONGED';

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

/** Only events that workflows caused count towards a hold, and prolong it; a hold stops all events. */
function evaluateLoopGuard(input: StageInput): StageVerdict {
  const { match, state } = input;
  const { now, limits } = input.decision;
  const { event, trigger } = match;
  const stage = 'loop_guard';
  if (event.depth > limits.loopDepth) {
    return { stage, reason: 'LOOP_DEPTH', values: { depth: `${event.depth}`, limit: `${limits.loopDepth}` } };
  }
  if (event.chain.includes(trigger.workflowId)) {
    return { stage, reason: 'LOOP_CYCLE', values: { chain: event.chain.join(' ') } };
  }
  const hold = state.hold(toMatchPairKey(match));
  const isCaused = event.depth > 0;
  if (hold && isHeld(hold, now, limits)) {
    const values = { held_at: instantToText(hold.heldAt) };
    return { stage, reason: 'LOOP_CYCLE', values, ...(isCaused ? { hold: 'PROLONGED' } : {}) };
  }
  if (!isCaused) {
    return passed(stage);
  }
  const since = hold && (hold.releasedAt ?? hold.lastEventAt);
  const times = listOtherEnrollments(input)
    .filter(({ isCausedByWorkflow, recordedAt }) => isCausedByWorkflow && (!since || recordedAt > since))
    .map(({ enrolledAt }) => enrolledAt);
  const count = countInWindowUntil(times, event.occurredAt, BigInt(limits.loopSpanMs) * 1000n);
  const values = { enrollments: `${count}`, span_seconds: `${limits.loopSpanMs / 1000}` };
  return count < limits.loopEnrollments
    ? passed(stage, values)
    : { stage, reason: 'LOOP_CYCLE', values, hold: 'PLACED' };
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

/** By the clock: an event that is evaluated late starts its run at an opening too. */
function evaluateBusinessHours({ match, rule, decision: { now } }: StageInput): StageVerdict {
  const { businessHours } = rule.policy;
  const stage = 'business_hours';
  if (!businessHours) {
    return passed(stage);
  }
  const calendar = toCalendar(businessHours, match.subject?.timeZone ?? 'UTC');
  if (isOpen(calendar, now)) {
    return passed(stage);
  }
  const opensAt = nextOpening(calendar, now);
  const values = { opens_at: instantToText(opensAt), time_zone: calendar.timeZone };
  return { stage, reason: 'OUTSIDE_BUSINESS_HOURS', values, opensAt };
}

function listOtherEnrollments({ match, state, decision }: StageInput): readonly PastEnrollment[] {
  const ownEnrollmentId = decision.ownEnrollmentId ?? null;
  return state
    .enrollments(toMatchPairKey(match))
    .filter(({ id }) => ownEnrollmentId === null || id !== ownEnrollmentId);
}

export function toMatchPairKey({ trigger, userId }: Match): string {
  return toPairKey(trigger.workflowId, userId);
}
