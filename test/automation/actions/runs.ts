/** What a runner makes of runs of workflows. */
import { sql } from 'kysely';
import { onTestFinished } from 'vitest';
import { type ActionRunner, createActionRunner } from '../../../src/automation/actions/action-runner.ts';
import type { ActionRunnerDeps } from '../../../src/automation/actions/step.ts';
import { createWebhookPort, type WebhookPort } from '../../../src/automation/actions/webhook-port.ts';
import { type Limits, readConfig } from '../../../src/config/config.ts';
import { createEngine } from '../../../src/progression/service.ts';
import type { Database } from '../../../src/store/database.ts';
import type { Cause, Fact } from '../../../src/store/entities/outbox-entry.ts';
import type { Clock } from '../../../src/values/instant.ts';
import { readRows } from '../../store/schema-dump.ts';
import type { TestRun } from './run-rows.ts';

export * from './run-rows.ts';

export interface TestRunnerOptions {
  readonly now: Clock;
  readonly limits?: Partial<Limits>;
  readonly webhooks?: WebhookPort;
  /** Further variables that configure the process. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface TestDeps extends ActionRunnerDeps {
  /** What steps failed with that are tried again. */
  readonly errors: unknown[];
}

/** What a server process would have on the database. Webhooks may go to the loopback interface. */
export function createTestDeps(
  database: Database,
  { now, limits = {}, webhooks, environment }: TestRunnerOptions,
): TestDeps {
  const defaults = readConfig({
    ...{ WEBHOOK_ALLOW_HTTP: 'on', WEBHOOK_ALLOW_PRIVATE: 'on' },
    ...environment,
  });
  const config = {
    ...defaults,
    limits: { ...defaults.limits, stepTimeoutMs: defaults.limits.maximumDeadlineMs, ...limits },
  };
  const errors: unknown[] = [];
  const { queue } = createEngine({ database, clock: now, config });
  return {
    ...{ database, config, queue, clock: now, errors },
    webhooks: webhooks ?? createWebhookPort(config),
    reportError: (error) => errors.push(error),
  };
}

export interface TestRunner extends ActionRunner {
  readonly errors: unknown[];
  /** Until nothing is due any more, and every call has been recorded. */
  runAll(): Promise<void>;
}

/** Stopped when the test has ended. */
export function createTestRunner(database: Database, options: TestRunnerOptions): TestRunner {
  const deps = createTestDeps(database, options);
  const runner = createActionRunner(deps);
  onTestFinished(() => runner.stop());
  return {
    ...runner,
    errors: deps.errors,
    async runAll() {
      let hasMore = true;
      while (hasMore) {
        hasMore = await runner.runOnce();
        await runner.settled();
      }
    },
  };
}

export interface ReadRun {
  readonly state: string;
  readonly nextStep: number;
  readonly attempts: number;
  /** From the clock's start; null: it is not due. */
  readonly dueAt: string | null;
  readonly endedReason: string | null;
  readonly steps: readonly { action: string; outcome: string; attempts: number; reason: string | null }[];
}

export async function readRun(
  database: Database,
  { enrollmentId }: Pick<TestRun, 'enrollmentId'>,
): Promise<ReadRun> {
  const [run] = await readRows<ReadRun>(
    database,
    sql`
      select e.state, e.next_step as "nextStep", e.attempts, e.ended_reason as "endedReason",
        to_char(e.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "dueAt",
        coalesce((
          select jsonb_agg(jsonb_build_object(
            'action', x.action, 'outcome', x.outcome, 'attempts', x.attempts, 'reason', x.reason) order by x.step)
          from action_executions x where x.account_id = e.account_id and x.enrollment_id = e.id
        ), '[]') as steps
      from workflow_enrollments e where e.id = ${enrollmentId}`,
  );
  if (!run) {
    throw new TypeError('there is no such run');
  }
  return run;
}

export interface ReadFact extends Pick<Fact, 'type' | 'data' | 'previous'> {
  readonly actor: string;
  readonly cause: Cause | null;
}

/** The facts about an athlete that steps emitted, in order, without those that tell of runs. */
export async function readFacts(database: Database, userId: string): Promise<ReadFact[]> {
  return (await readAllFacts(database, userId)).filter(({ type }) => !OF_RUNS.includes(type));
}

/** The facts that tell of an athlete's runs, in order. */
export async function readRunEvents(database: Database, userId: string): Promise<ReadFact[]> {
  return (await readAllFacts(database, userId)).filter(({ type }) => OF_RUNS.includes(type));
}

const OF_RUNS = ['run_completed', 'run_failed', 'webhook_failing'];

function readAllFacts(database: Database, userId: string): Promise<ReadFact[]> {
  return readRows<ReadFact>(
    database,
    sql`
      select f.fact ->> 'type' as type, f.fact -> 'data' as data, f.fact -> 'previous' as previous, o.actor, o.cause
      from outbox o, jsonb_array_elements(o.facts) with ordinality as f(fact, position)
      where o.user_id = ${userId} order by o.sequence, f.position`,
  );
}
