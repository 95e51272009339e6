/** Executes one step of a run in one transaction, if the step needs only the database. */

import type { TraceAttributes } from '../../flow/traced.ts';
import type { WaitForEventAction } from '../../gen/automation/v1/action_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { failpoint, failpointBeforeCommit } from '../../store/failpoints.ts';
import type { Instant } from '../../values/instant.ts';
import { isOpen, nextOpening } from '../time/business-hours.ts';
import { actionTypeOf } from './action-types.ts';
import type { DueEnrollment } from './due-enrollments.ts';
import { type Judgement, judgeError } from './judge-step.ts';
import {
  type Attempt,
  lockPartitionOfRun,
  type Run,
  readAction,
  resumeRun,
  stepTransactionLimits,
  takeRun,
} from './load-run.ts';
import { prepareAction } from './prepare-action.ts';
import { recordListening, recordQuietHours, recordTry, recordWait } from './record-step.ts';
import { tellOfEnd } from './run-events.ts';
import { cancelRun, completeRun } from './run-state.ts';
import { type ActionCase, type ActionRunnerDeps, type ActionType, actorOf } from './step.ts';
import type { StepChange } from './step-changes.ts';
import { choiceDeps } from './step-results.ts';
import { describeJudgement, describeRun, traceStep } from './trace-step.ts';
import { hasComeAlready } from './wait-for-event.ts';

/** How the run continues. */
export type StepResult =
  /** Nothing was done: the run is not due, or another transaction holds it. */
  | 'ABSENT'
  /** The run waits until its next time, or has ended. */
  | 'RESTS'
  /** The next step is due at once. */
  | 'GOES_ON'
  /** The next step is a call, which needs no transaction. Nothing was done. */
  | 'CALLS'
  /** The next step begins to listen to events, which needs the athlete's partition. Nothing was done. */
  | 'LISTENS';

/**
 * Throws when the database is unavailable; nothing was done then. `locksPartition`: lock the athlete's partition before the
 * run, as evaluation does.
 */
export function takeStep(
  deps: ActionRunnerDeps,
  due: DueEnrollment,
  { locksPartition = false }: { readonly locksPartition?: boolean } = {},
): Promise<StepResult> {
  return traceStep(due, async (attributes) => {
    const result = await tryStep(deps, due, locksPartition, attributes);
    attributes['progression.step.result'] = result;
    return result;
  });
}

async function tryStep(
  deps: ActionRunnerDeps,
  { accountId, id }: DueEnrollment,
  locksPartition: boolean,
  attributes: TraceAttributes,
): Promise<StepResult> {
  const { database, clock, config } = deps;
  let attempt: (Attempt & { readonly startedAt: Instant }) | undefined;
  const take = async (tx: Transaction): Promise<StepResult> => {
    await (locksPartition && lockPartitionOfRun(tx, id));
    const now = clock();
    const run = await takeRun(tx, id, now);
    if (!run) {
      return 'ABSENT';
    }
    describeRun(attributes, run);
    attempt = { step: run.step.step, attempts: run.enrollment.attempts, startedAt: now };
    failpoint('step-taken');
    const result = await carryOut(deps, tx, run, { now, locksPartition });
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
    const judgement = judgeError(error);
    describeJudgement(attributes, judgement);
    return recordFailure(deps, { accountId, id }, attempt, judgement, error);
  }
}

/** The kinds of steps that keep quiet outside business hours. */
const ACTING: readonly ActionType<ActionCase>['kind'][] = ['CHANGE', 'CALL'];

async function carryOut(
  deps: ActionRunnerDeps,
  tx: Transaction,
  run: Run,
  { now, locksPartition }: { readonly now: Instant; readonly locksPartition: boolean },
): Promise<StepResult> {
  const { limits } = deps.config;
  const { enrollment, step, execution } = run;
  if (run.isAthleteDeleted) {
    cancelRun(run, now);
    return 'RESTS';
  }
  if (step.step >= run.program.length) {
    completeRun(run, now);
    tellOfEnd(tx, run, now);
    return 'RESTS';
  }
  const message = readAction(run.stored);
  const { action } = message;
  const type = action.case && actionTypeOf(action.case);
  if (type && ACTING.includes(type.kind) && run.actingHours && !isOpen(run.actingHours, now)) {
    recordQuietHours(tx, run, nextOpening(run.actingHours, now), now);
    return 'RESTS';
  }
  const made = { tries: enrollment.attempts + 1, startedAt: now };
  const waited = { tries: 1, startedAt: step.reachedAt };
  switch (type?.kind) {
    case 'CALL':
      return 'CALLS';
    case 'WAIT': {
      const until = execution?.outcome === 'WAITING' ? now : type.until(action.value as never, step, now);
      if (until > now) {
        recordWait(tx, run, until, now);
      } else {
        recordTry(tx, run, { kind: 'ENDED', outcome: 'DONE' }, waited, now, limits);
      }
      break;
    }
    case 'LISTEN': {
      const awaited = action.value as WaitForEventAction;
      const isWaiting = execution?.outcome === 'WAITING';
      if (!enrollment.received && !isWaiting && !locksPartition) {
        return 'LISTENS';
      }
      if (enrollment.received || (!isWaiting && (await hasComeAlready(tx, run, awaited)))) {
        recordTry(tx, run, { kind: 'ENDED', outcome: 'DONE', taken: 'received' }, waited, now, limits);
      } else if (isWaiting) {
        recordTry(tx, run, { kind: 'ENDED', outcome: 'DONE', taken: 'timed_out' }, waited, now, limits);
      } else {
        recordListening(
          tx,
          run,
          { eventType: awaited.eventType, until: type.until(awaited as never, now) },
          now,
        );
      }
      break;
    }
    case 'CHOICE': {
      const taken = await type.choose(choiceDeps(tx, run, now), step, action.value as never);
      recordTry(tx, run, { kind: 'ENDED', outcome: 'DONE', taken }, made, now, limits);
      break;
    }
    case 'CHANGE': {
      const origin = { actor: 'AUTOMATION', cause: step.cause } as const;
      const changes: StepChange[] = [];
      const observe = (facts: readonly StepChange[]) => changes.push(...facts);
      const change = { tx, now, origin, actor: actorOf(step), observe };
      const prepared = await prepareAction(tx, run, message, now, deps.config);
      const outcome = await type.run(change, step, prepared.action.value as never, limits);
      failpoint('step-done');
      recordTry(tx, run, { kind: 'ENDED', outcome, changes }, made, now, limits);
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
  attempt: Attempt & { readonly startedAt: Instant },
  judgement: Judgement,
  error: unknown,
): Promise<StepResult> {
  if (judgement.kind === 'TRY_AGAIN') {
    reportError(error);
  }
  const { limits } = config;
  await database.transaction(
    accountId,
    async (tx) => {
      const run = await resumeRun(tx, id, attempt);
      if (run) {
        const made = { tries: attempt.attempts + 1, startedAt: attempt.startedAt };
        recordTry(tx, run, judgement, made, clock(), limits);
      }
    },
    stepTransactionLimits(limits),
  );
  return 'RESTS';
}

function isDue({ enrollment: { dueAt } }: Run, now: Instant): boolean {
  return dueAt !== null && dueAt !== undefined && dueAt <= now;
}
