/** Runs workflows of all accounts: finds runs whose next step is due, and executes the steps. */
import { DomainError } from '../../errors/domain-error.ts';
import { forEachConcurrently } from '../../flow/for-each-concurrently.ts';
import { createCallQueue, makeCall } from './call-queue.ts';
import { type DueEnrollment, findDueEnrollments } from './due-enrollments.ts';
import type { ActionRunnerDeps } from './step.ts';
import { takeStep } from './take-step.ts';

/** Several processes may run on one database. */
export interface ActionRunner {
  /**
   * Executes the due steps that need only the database, and starts the ones that call out, which continue on
   * their own. Returns true when more may be due. Rejects when the database is unavailable or has no free
   * connection.
   */
  runOnce(): Promise<boolean>;
  /** Resolves when every started or queued call has been recorded. */
  settled(): Promise<void>;
  /**
   * Starts no further step, and resolves when the calls under way have been recorded; a running pass ends
   * with its current steps.
   */
  stop(): Promise<void>;
}

export function createActionRunner(deps: ActionRunnerDeps): ActionRunner {
  const { database, clock, config, reportError } = deps;
  const { limits } = config;
  const calls = createCallQueue(limits, (due) => makeCall(deps, due), reportError);
  const stopping = new AbortController();

  /** Returns true when the run advanced. */
  async function advance(due: DueEnrollment): Promise<boolean> {
    for (let hasMoved = false; ; hasMoved = true) {
      const found = await takeStep(deps, due);
      const result = found === 'LISTENS' ? await takeStep(deps, due, { locksPartition: true }) : found;
      if (result === 'CALLS') {
        return calls.offer(due) || hasMoved;
      }
      if (result !== 'GOES_ON' || stopping.signal.aborted) {
        return result === 'RESTS' || hasMoved;
      }
    }
  }

  /** A run that cannot even be recorded as failed must not stop the others. */
  async function advanceAlone(due: DueEnrollment): Promise<boolean> {
    try {
      return await advance(due);
    } catch (error) {
      if (concernsAll(error)) {
        throw error;
      }
      reportError(error);
      return false;
    }
  }

  return {
    async runOnce() {
      const due = await findDueEnrollments(database, clock(), limits, calls.enrollmentIds());
      let moved = 0;
      const { signal } = stopping;
      await forEachConcurrently(due, { concurrency: limits.concurrentSteps, signal }, async (each) => {
        moved += (await advanceAlone(each)) ? 1 : 0;
      });
      return moved > 0;
    },
    settled: () => calls.settled(),
    stop() {
      stopping.abort();
      calls.close();
      return calls.settled();
    },
  };
}

function concernsAll(error: unknown): boolean {
  return error instanceof DomainError && ['DATABASE_UNAVAILABLE', 'OVERLOADED'].includes(error.reason);
}
