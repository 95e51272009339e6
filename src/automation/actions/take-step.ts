/** Executes one step of a run in one transaction, if the step needs only the database. */
import type { Transaction } from '../../store/database.ts';
import { failpoint, failpointBeforeCommit } from '../../store/failpoints.ts';
import type { Instant } from '../../values/instant.ts';
import { isOpen, nextOpening } from '../time/business-hours.ts';
import { actionTypeOf } from './action-types.ts';
import type { DueEnrollment } from './due-enrollments.ts';
import { type Attempt, type Run, readAction, resumeRun, stepTransactionLimits, takeRun } from './load-run.ts';
import { cancel, complete, judgeError, recordQuietHours, recordTry, recordWait } from './record-step.ts';
import { tellOfEnd } from './run-events.ts';
import { type ActionRunnerDeps, actorOf } from './step.ts';

/** How the run continues. */
export type StepResult =
  /** Nothing was done: the run is not due, or another transaction holds it. */
  | 'ABSENT'
  /** The run waits until its next time, or has ended. */
  | 'RESTS'
  /** The next step is due at once. */
  | 'GOES_ON'
  /** The next step is a call, which needs no transaction. Nothing was done. */
  | 'CALLS';

/** Throws when the database is unavailable; nothing was done then. */
export async function takeStep(
  deps: ActionRunnerDeps,
  { accountId, id }: DueEnrollment,
): Promise<StepResult> {
  const { database, clock, config } = deps;
  let attempt: Attempt | undefined;
  const take = async (tx: Transaction): Promise<StepResult> => {
    const now = clock();
    const run = await takeRun(tx, id, now);
    if (!run) {
      return 'ABSENT';
    }
    attempt = { step: run.step.step, attempts: run.enrollment.attempts };
    failpoint('step-taken');
    const result = await carryOut(deps, tx, run, now);
    await failpointBeforeCommit('step-flushed', tx);
    return result;
  };
  try {
    const result = await database.transaction(accountId, take, stepTransactionLimits(config.limits));
    failpoint('step-committed');
    return result;
  } catch (error) {
    if (!attempt) {
      throw error;
    }
    return recordFailure(deps, { accountId, id }, attempt, error);
  }
}

async function carryOut(
  deps: ActionRunnerDeps,
  tx: Transaction,
  run: Run,
  now: Instant,
): Promise<StepResult> {
  const { limits } = deps.config;
  const { enrollment, step, execution } = run;
  if (run.isAthleteDeleted) {
    cancel(run, now);
    return 'RESTS';
  }
  if (step.step >= run.stepCount) {
    complete(run, now);
    tellOfEnd(tx, run, now);
    return 'RESTS';
  }
  const { action } = readAction(run.stored);
  const type = action.case && actionTypeOf(action.case);
  if (type?.kind !== 'WAIT' && run.actingHours && !isOpen(run.actingHours, now)) {
    recordQuietHours(tx, run, nextOpening(run.actingHours, now), now);
    return 'RESTS';
  }
  switch (type?.kind) {
    case 'CALL':
      return 'CALLS';
    case 'WAIT': {
      const until = execution?.outcome === 'WAITING' ? now : type.until(action.value as never, step, now);
      if (until > now) {
        recordWait(tx, run, until, now);
      } else {
        recordTry(tx, run, { kind: 'ENDED', outcome: 'DONE' }, 1, now, limits);
      }
      break;
    }
    case 'CHANGE': {
      const origin = { actor: 'AUTOMATION', cause: step.cause } as const;
      const change = { tx, now, origin, actor: actorOf(step) };
      const outcome = await type.run(change, step, action.value as never, limits);
      failpoint('step-done');
      recordTry(tx, run, { kind: 'ENDED', outcome }, enrollment.attempts + 1, now, limits);
      break;
    }
    case undefined:
      throw new TypeError('a stored action is none');
  }
  return isDue(run, now) ? 'GOES_ON' : 'RESTS';
}

/** The step's changes were rolled back; its failure is recorded in a second transaction. */
async function recordFailure(
  { database, clock, config, reportError }: ActionRunnerDeps,
  { accountId, id }: DueEnrollment,
  attempt: Attempt,
  error: unknown,
): Promise<StepResult> {
  const judgement = judgeError(error);
  if (judgement.kind === 'TRY_AGAIN') {
    reportError(error);
  }
  const { limits } = config;
  await database.transaction(
    accountId,
    async (tx) => {
      const run = await resumeRun(tx, id, attempt);
      if (run) {
        recordTry(tx, run, judgement, attempt.attempts + 1, clock(), limits);
      }
    },
    stepTransactionLimits(limits),
  );
  return 'RESTS';
}

function isDue({ enrollment: { dueAt } }: Run, now: Instant): boolean {
  return dueAt !== null && dueAt !== undefined && dueAt <= now;
}
