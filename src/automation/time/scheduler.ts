/**
 * Polls the clock cursors of all accounts, and writes due occurrences to the outbox, addressed to their
 * triggers.
 */
import type { Limits } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import type { Clock, Instant } from '../../values/instant.ts';
import { findDueAccounts, type TakenPage, takeAthleteCursors, takeTriggerCursor } from './fire-cursors.ts';

export interface SchedulerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Called with errors of accounts that could not be processed, and of triggers that cannot be read. */
  readonly reportError: (error: unknown) => void;
}

export interface Scheduler {
  /**
   * Processes one page of athletes' cursors and one page of a trigger's cursor for each account with
   * something due; several schedulers may run. Returns true when more is due. Rejects when the database is
   * unavailable.
   */
  runOnce(): Promise<boolean>;
}

type TakePage = (tx: Transaction, now: Instant, limits: Limits) => Promise<TakenPage>;

export function createScheduler({ database, clock, limits, reportError }: SchedulerDeps): Scheduler {
  async function take(accountId: string, takePage: TakePage): Promise<boolean> {
    try {
      const now = clock();
      const { hasMore, problems } = await database.transaction(accountId, (tx) => takePage(tx, now, limits));
      failpoint('schedule-committed');
      for (const problem of problems) {
        reportError(problem);
      }
      return hasMore;
    } catch (error) {
      reportError(error);
      return false;
    }
  }

  return {
    async runOnce() {
      let hasMore = false;
      for (const accountId of await findDueAccounts(database, clock(), limits.dueAccounts)) {
        hasMore = (await take(accountId, takeAthleteCursors)) || hasMore;
        hasMore = (await take(accountId, takeTriggerCursor)) || hasMore;
      }
      return hasMore;
    },
  };
}
