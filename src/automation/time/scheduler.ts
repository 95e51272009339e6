/** Watches the clock for time triggers, of every account: what is due goes into the outbox, addressed to its trigger. */
import type { Limits } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import type { Clock, Instant } from '../../values/instant.ts';
import { findDueAccounts, type TakenPage, takeAthleteCursors, takeTriggerCursor } from './fire-cursors.ts';

export interface SchedulerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Told of accounts that could not be served, and of triggers that cannot be read. */
  readonly reportError: (error: unknown) => void;
}

export interface Scheduler {
  /**
   * Takes a page of what is due for athletes and a page of a trigger's, of each account that has something due; several
   * schedulers may be at it. True: there is more to do at once. Rejects when the database is not there.
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
