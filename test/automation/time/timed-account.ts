/** An automated account under a clock that its test sets, with a client and an evaluator of that clock. */
import { createEvaluator, type Evaluator } from '../../../src/automation/evaluation/evaluator.ts';
import type { Database } from '../../../src/store/database.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import {
  type AutomatedAccount,
  createAutomatedAccount,
  evaluatorDeps,
} from '../evaluation/automated-account.ts';
import { TimeAccount } from './time-fixtures.ts';

export interface TimedAccount {
  readonly account: AutomatedAccount;
  readonly time: TimeAccount;
  readonly client: AutomationClient;
  readonly evaluator: Evaluator;
}

/** The clock stands at the first of July 2026. */
export async function createTimedAccount(database: Database): Promise<TimedAccount> {
  const account = await createAutomatedAccount(database);
  const time = new TimeAccount(database, '2026-07-01', account.accountId);
  const clock = () => time.clock.now;
  const client = createAutomationClient(database, { accountId: account.accountId, clock });
  const evaluator = createEvaluator(evaluatorDeps(database, { clock }));
  return { account, time, client, evaluator };
}
