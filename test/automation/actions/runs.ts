/** Runs of workflows, put straight into the tables, and what a runner makes of them. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { onTestFinished } from 'vitest';
import { type ActionRunner, createActionRunner } from '../../../src/automation/actions/action-runner.ts';
import type { ActionRunnerDeps } from '../../../src/automation/actions/step.ts';
import { createWebhookPort, type WebhookPort } from '../../../src/automation/actions/webhook-port.ts';
import { storedActions } from '../../../src/automation/configuration/stored-actions.ts';
import { type Limits, readConfig } from '../../../src/config/config.ts';
import { ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';
import { createEngine } from '../../../src/progression/service.ts';
import type { Database } from '../../../src/store/database.ts';
import type { Cause, Fact } from '../../../src/store/entities/outbox-entry.ts';
import { WorkflowEnrollmentEntity } from '../../../src/store/entities/workflow-enrollment.ts';
import { type Clock, instantToText } from '../../../src/values/instant.ts';
import { readRows } from '../../store/schema-dump.ts';

export type ActionInit = NonNullable<MessageInitShape<typeof ActionSchema>['action']>;

export interface RunFixture {
  readonly accountId: string;
  readonly userId: string;
  readonly actions: readonly ActionInit[];
  readonly now: Clock;
  /** Absent: one of its own, with these actions. */
  readonly workflowId?: string;
  readonly state?: string;
  /** Before or after the clock's time. */
  readonly dueInMs?: number;
  readonly nextStep?: number;
  readonly attempts?: number;
}

export interface TestRun {
  readonly accountId: string;
  readonly userId: string;
  readonly workflowId: string;
  readonly enrollmentId: string;
  readonly eventId: string;
  readonly cause: Cause;
}

/** A workflow's row and that of its first version. */
export async function insertWorkflow(
  database: Database,
  accountId: string,
  actions: readonly ActionInit[],
): Promise<string> {
  const id = uuidv7();
  const stored = JSON.stringify(storedActions(actions.map((action) => create(ActionSchema, { action }))));
  await database.transaction(accountId, async (tx) => {
    await sql`
      insert into workflows (account_id, id, name, status, actions, version, created_by)
      values (${accountId}, ${id}, 'A workflow', 'ACTIVE', ${stored}::jsonb, 1, 'coach')`.execute(tx.sql);
    await sql`
      insert into workflow_versions (account_id, workflow_id, version, name, description, status, actions, action, actor)
      values (${accountId}, ${id}, 1, 'A workflow', '', 'ACTIVE', ${stored}::jsonb, 'CreateWorkflow', 'coach')`.execute(
      tx.sql,
    );
  });
  return id;
}

/** A run that is due. */
export async function insertRun(database: Database, fixture: RunFixture): Promise<TestRun> {
  const { accountId, userId, actions, now } = fixture;
  await database.ensureAccount(accountId);
  const workflowId = fixture.workflowId ?? (await insertWorkflow(database, accountId, actions));
  const [enrollmentId, eventId] = [uuidv7(), uuidv7()];
  const cause = { rootEventId: uuidv7(), causationId: eventId, depth: 3, chain: [uuidv7(), workflowId] };
  await database.transaction(accountId, async (tx) => {
    tx.em.create(WorkflowEnrollmentEntity, {
      ...{ accountId, id: enrollmentId, workflowId, workflowVersion: 1, userId, eventId, cause },
      ...{ triggerId: uuidv7(), triggerVersion: 1 },
      event: {
        id: eventId,
        type: 'tag_added',
        occurred_at: instantToText(now() - 1_000_000n),
        data: { tag: 'vip' },
        previous: null,
      },
      state: fixture.state ?? 'TRIGGERED',
      nextStep: fixture.nextStep ?? 0,
      attempts: fixture.attempts ?? 0,
      dueAt: now() + BigInt(fixture.dueInMs ?? 0) * 1000n,
      enrolledAt: now() - 1_000_000n,
      recordedAt: now(),
      pausedDueAt: null,
      endedAt: null,
      endedReason: null,
    });
  });
  return { accountId, userId, workflowId, enrollmentId, eventId, cause };
}

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
