/** Records the tries and waits of a step, and decides by their results how the run continues. */
import type { Limits } from '../../config/config.ts';
import { backoffMs } from '../../flow/backoff.ts';
import type { Transaction } from '../../store/database.ts';
import { ActionExecutionEntity, type StepTry } from '../../store/entities/action-execution.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { afterFailure, type RetryLimits, retryLimitsOf } from './failure-policy.ts';
import type { Judgement } from './judge-step.ts';
import type { Run } from './load-run.ts';
import { tellOfEnd, tellOfFailingWebhook } from './run-events.ts';
import { cancelRun, failRun, hasEnded, moveOn, rest } from './run-state.ts';
import { type StepReason, storedActionName, type WebhookResult } from './step.ts';
import { type KeptChanges, keptChanges } from './step-changes.ts';

type StepLimits = RetryLimits &
  Pick<Limits, 'keptStepTries' | 'stepDetailCharacters' | 'stepChangesBytes' | 'failingWebhookTries'>;

/** The number of the try, from 1, and when it started. */
export interface Try {
  readonly tries: number;
  readonly startedAt: Instant;
}

/**
 * Records a try that has ended, and tells of the run's end. A run that has ended meanwhile stays ended, and the
 * step's result is kept all the same.
 */
export function recordTry(
  tx: Transaction,
  run: Run,
  judgement: Judgement,
  attempt: Try,
  now: Instant,
  limits: StepLimits,
): void {
  const wasOpen = !hasEnded(run);
  recordJudgement(tx, run, judgement, attempt, now, limits);
  if (wasOpen) {
    tellOfEnd(tx, run, now, 'detail' in judgement ? keptDetail(judgement.detail, limits) : '');
  }
}

function recordJudgement(
  tx: Transaction,
  run: Run,
  judgement: Judgement,
  attempt: Try,
  now: Instant,
  limits: StepLimits,
): void {
  const made = { ...attempt, limits };
  switch (judgement.kind) {
    case 'ENDED': {
      const { outcome, taken, answer } = judgement;
      const changes = keptChanges(judgement.changes ?? [], limits);
      record(tx, run, { ...made, outcome, reason: null, taken, answer, changes }, now);
      moveOn(run, taken, now);
      break;
    }
    case 'TRY_AGAIN': {
      const { tries } = made;
      const { reason, detail } = judgement;
      const retry = retryLimitsOf(run.stored, limits);
      if (tries >= retry.stepTries) {
        recordFailure(tx, run, { ...made, reason, detail }, now);
        break;
      }
      record(tx, run, { ...made, outcome: 'RETRYING', reason, detail }, now);
      rest(run, now + pauseMicros(tries, retry), tries);
      if (tries === limits.failingWebhookTries && storedActionName(run.stored) === 'call_webhook') {
        tellOfFailingWebhook(tx, run, { tries, reason, detail: keptDetail(detail, limits) }, now);
      }
      break;
    }
    case 'FAILED': {
      const { reason, detail } = judgement;
      recordFailure(tx, run, { ...made, reason, detail }, now);
      break;
    }
    case 'SUBJECT_DELETED':
      cancelRun(run, now);
      break;
  }
}

/** The run continues at this time. */
export function recordWait(tx: Transaction, run: Run, until: Instant, now: Instant): void {
  record(tx, run, { outcome: 'WAITING', tries: 1, reason: null }, now);
  rest(run, until, 0);
}

/** The run listens to the event as well, and continues at this time at the latest. */
export function recordListening(
  tx: Transaction,
  run: Run,
  { eventType, until }: { readonly eventType: string; readonly until: Instant },
  now: Instant,
): void {
  recordWait(tx, run, until, now);
  run.enrollment.listensTo = [...new Set([...run.exitEvents, eventType])];
}

/** The step acts when business hours begin; its attempts stay counted. */
export function recordQuietHours(tx: Transaction, run: Run, opensAt: Instant, now: Instant): void {
  const { attempts } = run.enrollment;
  record(tx, run, { outcome: 'WAITING', tries: attempts, reason: 'OUTSIDE_BUSINESS_HOURS' }, now);
  rest(run, opensAt, attempts);
}

/** The step has failed for good: the run fails, or goes on as the step says. */
function recordFailure(
  tx: Transaction,
  run: Run,
  failed: Omit<StepRecord, 'outcome'> & { readonly reason: StepReason },
  now: Instant,
): void {
  const next = afterFailure(run.stored);
  const taken = next === 'FAIL' ? null : next.taken;
  record(tx, run, { ...failed, outcome: 'FAILED', taken }, now);
  if (next === 'FAIL') {
    failRun(run, failed.reason, now);
  } else {
    moveOn(run, taken, now);
  }
}

interface StepRecord {
  readonly outcome: string;
  readonly tries: number;
  /** Absent: a wait, which is no try. */
  readonly startedAt?: Instant;
  /** With `startedAt`: how much of the tries is kept. */
  readonly limits?: Pick<Limits, 'keptStepTries' | 'stepDetailCharacters'>;
  readonly reason: StepReason | null;
  readonly detail?: string | undefined;
  readonly taken?: string | null | undefined;
  readonly answer?: WebhookResult | null | undefined;
  readonly changes?: KeptChanges | null;
}

function record(
  tx: Transaction,
  run: Run,
  { outcome, tries: attempts, reason, taken = null, answer = null, changes = null, ...made }: StepRecord,
  now: Instant,
): void {
  const { step, stored, execution } = run;
  const key = { accountId: tx.accountId, enrollmentId: step.enrollmentId, step: step.step };
  const tries = keptTries(execution?.tries ?? [], { outcome, reason, ...made }, now);
  const value = { outcome, attempts, reason, taken, answer, changes, tries, executedAt: now };
  if (execution) {
    tx.em.assign(tx.em.merge(ActionExecutionEntity, { ...key, ...execution }), value);
  } else {
    const { userId, path } = step;
    tx.em.create(ActionExecutionEntity, { ...key, ...value, userId, path, action: storedActionName(stored) });
  }
}

/** The latest tries of the step, this one included when it is a try. */
function keptTries(
  before: readonly StepTry[],
  { startedAt, limits, outcome, reason, detail }: Omit<StepRecord, 'tries'>,
  now: Instant,
): StepTry[] {
  if (startedAt === undefined || limits === undefined) {
    return [...before];
  }
  const times = { startedAt: instantToText(startedAt), endedAt: instantToText(now) };
  const described = detail ? { detail: keptDetail(detail, limits) } : {};
  return [...before, { ...times, outcome, reason, ...described }].slice(-limits.keptStepTries);
}

/** Empty: there is nothing to say. */
function keptDetail(
  detail: string | undefined,
  { stepDetailCharacters }: Pick<Limits, 'stepDetailCharacters'>,
): string {
  return detail?.slice(0, stepDetailCharacters) ?? '';
}

/** Microseconds until the next attempt: exponential backoff with jitter. */
function pauseMicros(
  tries: number,
  { firstStepPauseMs, longestStepPauseMs }: Pick<Limits, 'firstStepPauseMs' | 'longestStepPauseMs'>,
): bigint {
  const pauseMs = backoffMs(tries, { firstMs: firstStepPauseMs, longestMs: longestStepPauseMs });
  return BigInt(Math.round(pauseMs * 1000));
}
