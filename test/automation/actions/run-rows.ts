/** Runs of workflows, put straight into the tables. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { storedActions } from '../../../src/automation/configuration/stored-actions.ts';
import { ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';
import type { Database } from '../../../src/store/database.ts';
import type { Cause } from '../../../src/store/entities/outbox-entry.ts';
import { WorkflowEnrollmentEntity } from '../../../src/store/entities/workflow-enrollment.ts';
import { type Clock, instantToText } from '../../../src/values/instant.ts';

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
