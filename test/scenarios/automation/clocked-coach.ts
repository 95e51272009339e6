/** A coach of a service with workers, whose clock the test sets: days pass at once. */
import { sql } from 'kysely';
import { onTestFinished } from 'vitest';
import { createActionRunner } from '../../../src/automation/actions/action-runner.ts';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createReleaser } from '../../../src/automation/evaluation/release-queued-enrollments.ts';
import { createScheduler } from '../../../src/automation/time/scheduler.ts';
import type { Database } from '../../../src/store/database.ts';
import { PARTITIONS } from '../../../src/store/lock-partition.ts';
import { type Instant, instantFromText } from '../../../src/values/instant.ts';
import { createTestDeps } from '../../automation/actions/runs.ts';
import { evaluatorDeps } from '../../automation/evaluation/automated-account.ts';
import { createAutomationClient } from '../../support/automation.ts';
import { type Coach, createCoach } from './coach.ts';

const ENVIRONMENT = {
  ...{ WEBHOOK_ALLOW_HTTP: 'on', WEBHOOK_ALLOW_PRIVATE: 'on' },
  SECRETS_KEY: Buffer.alloc(32, 'k').toString('base64'),
};
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

export interface ClockedCoach extends Coach {
  /** Sets the clock, and does all that is due by then. */
  at(time: string): Promise<void>;
  /** Lets time pass, and does all that is due by then. */
  pass(hours: number): Promise<void>;
}

/** A new account. The clock begins at a time such as `2026-11-20T12:00Z`. */
export function createClockedCoach(database: Database, start: string): ClockedCoach {
  let now: Instant = instantFromText(start);
  const clock = () => now;
  const client = createAutomationClient(database, { clock, environment: ENVIRONMENT });
  const { accountId } = client;
  const deps = createTestDeps(database, { now: clock, environment: ENVIRONMENT });
  const runner = createActionRunner(deps);
  onTestFinished(() => runner.stop());
  const evaluation = evaluatorDeps(database, { clock });
  const [evaluator, releaser] = [createEvaluator(evaluation), createReleaser(evaluation)];
  const scheduler = createScheduler({
    database,
    clock,
    limits: deps.config.limits,
    reportError: deps.reportError,
  });

  async function isBusy(): Promise<boolean> {
    const { rows } = await database.transaction(accountId, (tx) =>
      sql`select from outbox where account_id = ${accountId} and evaluated_at is null limit 1`.execute(
        tx.sql,
      ),
    );
    return rows.length > 0;
  }
  async function settle(): Promise<void> {
    do {
      while (await scheduler.runOnce()) {
        // There is more.
      }
      await evaluator.evaluatePartitions(accountId, ALL);
      await releaser.runOnce();
      while (await runner.runOnce()) {
        await runner.settled();
      }
      await runner.settled();
    } while (await isBusy());
  }
  return {
    ...createCoach(client, database, accountId),
    settle,
    async at(time) {
      now = instantFromText(time);
      await settle();
    },
    async pass(hours) {
      now += BigInt(Math.round(hours * 3_600)) * 1_000_000n;
      await settle();
    },
  };
}
