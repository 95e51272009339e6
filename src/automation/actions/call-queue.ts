/**
 * Steps that call out: their queue, with limits on concurrent calls in total and per account and turns over
 * accounts; and the call of a step, which is claimed in one transaction, made outside of any, and recorded
 * in another.
 */

import type { Limits } from '../../config/config.ts';
import { createSemaphore } from '../../flow/semaphore.ts';
import type { TraceAttributes } from '../../flow/traced.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import { actionTypeOf } from './action-types.ts';
import type { DueEnrollment } from './due-enrollments.ts';
import { retryLimitsOf } from './failure-policy.ts';
import { type Judgement, judgeEnd, judgeError } from './judge-step.ts';
import { type Attempt, type Run, readAction, resumeRun, stepTransactionLimits, takeRun } from './load-run.ts';
import { type PreparedAction, prepareAction } from './prepare-action.ts';
import { recordTry } from './record-step.ts';
import { cancelRun, claimRun } from './run-state.ts';
import { type ActionRunnerDeps, type Step, StepRefusal } from './step.ts';
import { describeJudgement, describeRun, traceStep } from './trace-step.ts';

interface Claim extends Attempt, PreparedAction {
  readonly subject: Step;
  readonly claimedAt: Instant;
}

/**
 * Does nothing when the call is no longer due. If the process ends between the call and its record, another
 * process repeats the call with the same idempotency key after the lease has expired. Throws when the
 * database is unavailable.
 */
export function makeCall(deps: ActionRunnerDeps, due: DueEnrollment): Promise<void> {
  return traceStep(due, (attributes) => claimAndCall(deps, due, attributes));
}

async function claimAndCall(
  deps: ActionRunnerDeps,
  due: DueEnrollment,
  attributes: TraceAttributes,
): Promise<void> {
  const claim = await claimCall(deps, due, attributes);
  if (!claim) {
    return;
  }
  const judgement = await call(deps, claim);
  describeJudgement(attributes, judgement);
  const { database, clock, config } = deps;
  await database.transaction(
    due.accountId,
    async (tx) => {
      const run = await resumeRun(tx, due.id, claim);
      if (run) {
        const made = { tries: claim.attempts, startedAt: claim.claimedAt };
        recordTry(tx, run, judgement, made, clock(), config.limits);
      }
    },
    stepTransactionLimits(config.limits),
  );
}

async function claimCall(
  { database, clock, config }: ActionRunnerDeps,
  { accountId, id }: DueEnrollment,
  attributes: TraceAttributes,
): Promise<Claim | undefined> {
  const { limits } = config;
  return database.transaction(
    accountId,
    async (tx: Transaction) => {
      const now = clock();
      const run = await takeRun(tx, id, now);
      if (!run) {
        return undefined;
      }
      describeRun(attributes, run);
      const { enrollment, step } = run;
      if (run.isAthleteDeleted) {
        cancelRun(run, now);
        return undefined;
      }
      if (enrollment.attempts >= retryLimitsOf(run.stored, limits).stepTries) {
        const made = { tries: enrollment.attempts, startedAt: now };
        const detail = `no process recorded the result of the last of ${made.tries} tries`;
        recordTry(tx, run, { kind: 'FAILED', reason: 'STEP_ABANDONED', detail }, made, now, limits);
        return undefined;
      }
      const prepared = await prepareOrRefuse(tx, run, now, config);
      if (!prepared) {
        return undefined;
      }
      claimRun(run, now + BigInt(limits.stepLeaseMs) * 1000n);
      const { attempts } = enrollment;
      return { subject: step, ...prepared, step: step.step, attempts, claimedAt: now };
    },
    stepTransactionLimits(limits),
  );
}

/** Returns undefined when the step has failed because its action cannot be prepared. */
async function prepareOrRefuse(
  tx: Transaction,
  run: Run,
  now: Instant,
  config: ActionRunnerDeps['config'],
): Promise<PreparedAction | undefined> {
  try {
    return await prepareAction(tx, run, readAction(run.stored), now, config);
  } catch (error) {
    if (error instanceof StepRefusal) {
      const made = { tries: run.enrollment.attempts + 1, startedAt: now };
      recordTry(tx, run, judgeError(error), made, now, config.limits);
      return undefined;
    }
    throw error;
  }
}

async function call(
  { config: { limits }, queue, webhooks, reportError }: ActionRunnerDeps,
  { subject, action, secrets, claimedAt }: Claim,
): Promise<Judgement> {
  const type = action.case && actionTypeOf(action.case);
  if (type?.kind !== 'CALL') {
    throw new TypeError('a step that was to be a call is none');
  }
  try {
    const deps = { limits, queue, webhooks, secrets };
    return judgeEnd(await type.call(deps, subject, action.value as never, claimedAt));
  } catch (error) {
    const judgement = judgeError(error);
    if (judgement.kind === 'TRY_AGAIN') {
      reportError(error);
    }
    return judgement;
  }
}

export interface CallQueue {
  /** Queues the call. Returns false when the queue of the account, or the whole queue, is full or closed. */
  offer(due: DueEnrollment): boolean;
  /** Enrollments whose call is queued or running. */
  enrollmentIds(): string[];
  /** Starts no further call, and drops the queued ones. */
  close(): void;
  /** Resolves when no call is queued or running. */
  settled(): Promise<void>;
}

export type CallQueueLimits = Pick<
  Limits,
  'concurrentCallSteps' | 'concurrentCallStepsPerAccount' | 'waitingCallSteps' | 'waitingCallStepsPerAccount'
>;

/** When `makeCall` rejects, `reportError` is called and a later pass makes the call. */
export function createCallQueue(
  limits: CallQueueLimits,
  makeCall: (due: DueEnrollment) => Promise<void>,
  reportError: (error: unknown) => void,
): CallQueue {
  const semaphore = createSemaphore({
    slots: limits.concurrentCallSteps,
    slotsPerKey: limits.concurrentCallStepsPerAccount,
    waiters: limits.waitingCallSteps,
    waitersPerKey: limits.waitingCallStepsPerAccount,
  });
  const closing = new AbortController();
  const offered = new Map<string, Promise<void>>();

  async function run(due: DueEnrollment): Promise<void> {
    const release = await semaphore.acquire(due.accountId, { signal: closing.signal });
    try {
      closing.signal.throwIfAborted();
      await makeCall(due);
    } finally {
      release();
    }
  }
  return {
    offer(due) {
      if (closing.signal.aborted || semaphore.isFull(due.accountId)) {
        return false;
      }
      const ended = run(due)
        .catch((error: unknown) => {
          if (error !== closing.signal.reason) {
            reportError(error);
          }
        })
        .finally(() => offered.delete(due.id));
      offered.set(due.id, ended);
      return true;
    },
    enrollmentIds: () => [...offered.keys()],
    close: () => closing.abort(),
    async settled() {
      while (offered.size > 0) {
        await Promise.all(offered.values());
      }
    },
  };
}
