/** An account of automation that removes what it does not keep, at a time that the test chooses. */
import { createEvaluator } from '../../src/automation/evaluation/evaluator.ts';
import { type Limits, readConfig } from '../../src/config/config.ts';
import { createRetentionWorker } from '../../src/retention/retention-worker.ts';
import type { Database } from '../../src/store/database.ts';
import type { Instant } from '../../src/values/instant.ts';
import {
  type AutomatedAccount,
  clockAt,
  createAutomatedAccount,
  DAY,
  evaluateAll,
  evaluatorDeps,
  NOON,
} from '../automation/evaluation/automated-account.ts';
import { type AutomationClient, createAutomationClient } from '../support/automation.ts';

export interface RetainedAccount extends AutomatedAccount {
  /** With the clock at `LATER`. */
  readonly client: AutomationClient;
  /** Evaluates what waits, at the instant. */
  evaluateAt(instant: Instant): Promise<void>;
}

/** When rows are removed: events of NOON are 100 days old. */
export const LATER = NOON + 100n * DAY;

export async function createRetainedAccount(database: Database): Promise<RetainedAccount> {
  const account = await createAutomatedAccount(database);
  const { accountId } = account;
  return {
    ...account,
    client: createAutomationClient(database, { accountId, clock: clockAt(LATER) }),
    async evaluateAt(instant) {
      await evaluateAll(account, createEvaluator(evaluatorDeps(database, { clock: clockAt(instant) })));
    },
  };
}

/** Removes all that is due at `LATER`; returns the numbers of removed rows by kind. */
export async function removeOld(
  database: Database,
  limits: Partial<Limits> = {},
): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  const worker = createRetentionWorker({
    database,
    clock: clockAt(LATER),
    limits: { ...readConfig({}).limits, ...limits },
    observer: {
      removed(kind, rows) {
        removed[kind] = (removed[kind] ?? 0) + rows;
      },
    },
  });
  while (await worker.runOnce()) {
    // The next batch of each account.
  }
  return removed;
}
