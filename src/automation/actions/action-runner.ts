/** Runs workflows: finds enrollments whose next step is due, of every account, and takes them further. */
import { DomainError } from '../../errors/domain-error.ts';
import { forEachConcurrently } from '../../flow/for-each-concurrently.ts';
import { createCallQueue } from './call-queue.ts';
import { type DueEnrollment, findDueEnrollments } from './due-enrollments.ts';
import { makeCall } from './make-call.ts';
import type { ActionRunnerDeps } from './step.ts';
import { takeStep } from './take-step.ts';

/** Any number of them, in any number of processes, may work on one database. */
export interface ActionRunner {
  /**
   * Carries out the steps that are due now and need nothing but the database; those that call out are begun, and go on
   * by themselves. True: there may be more to do at once. Rejects when the database is not there, or has no room.
   */
  runOnce(): Promise<boolean>;
  /** Resolves when every call that was begun, or waits for its turn, has been recorded. */
  settled(): Promise<void>;
  /** Begins no other step, and resolves when the calls under way have been recorded; a pass ends with its steps. */
  stop(): Promise<void>;
}

export function createActionRunner(deps: ActionRunnerDeps): ActionRunner {
  const { database, clock, config, reportError } = deps;
  const { limits } = config;
  const calls = createCallQueue(limits, (due) => makeCall(deps, due), reportError);
  const stopping = new AbortController();

  /** True: something was done about it. */
  async function advance(due: DueEnrollment): Promise<boolean> {
    for (let hasMoved = false; ; hasMoved = true) {
      const result = await takeStep(deps, due);
      if (result === 'CALLS') {
        return calls.offer(due) || hasMoved;
      }
      if (result !== 'GOES_ON' || stopping.signal.aborted) {
        return result === 'RESTS' || hasMoved;
      }
    }
  }

  /** A run that nothing can be done or recorded about stands in nobody's way. */
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
