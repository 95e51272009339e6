/** Backfills: counted, confirmed, and carried out at their rate, with each athlete enrolled once. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { createBackfiller } from '../../../src/automation/replay/backfiller.ts';
import { type Limits, readConfig } from '../../../src/config/config.ts';
import { EnrollmentPolicy } from '../../../src/gen/automation/v1/trigger_pb.ts';
import type { Database } from '../../../src/store/database.ts';
import { readRows } from '../../store/schema-dump.ts';
import {
  type AutomationClient,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  onTag,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTestRunner, readFacts } from '../actions/runs.ts';
import { createTestClock, type TestClock } from '../actions/test-clock.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

interface Backfilling {
  readonly client: AutomationClient;
  readonly clock: TestClock;
}

function createBackfilling(limits: Partial<Limits> = {}): Backfilling {
  const clock = createTestClock();
  return { clock, client: createAutomationClient(database, { clock: clock.now, limits }) };
}

/** A backfiller as a server process creates it. */
function createTestBackfiller({ clock }: Backfilling, limits: Partial<Limits> = {}, handle = database) {
  const config = readConfig({});
  return createBackfiller({
    database: handle,
    clock: clock.now,
    config: { ...config, limits: { ...config.limits, ...limits } },
  });
}

/** Creates athletes with a tag; the order of their ids does not matter, because pages go by partition. */
async function createAthletes(
  { client, clock }: Backfilling,
  count: number,
  tag = 'gold',
): Promise<string[]> {
  await database.ensureAccount(client.accountId);
  return database.transaction(client.accountId, async (tx) => {
    const ids = Array.from({ length: count }, () => uuidv7());
    await sql`
      insert into users (account_id, id, name, tags, created_at)
      select ${tx.accountId}, id, 'Ana Silva', jsonb_build_array(${tag}::text), to_timestamp(${Number(clock.now() / 1_000_000n)})
      from unnest(${ids}::uuid[]) as id`.execute(tx.sql);
    return ids;
  });
}

const GOLD = { filter: { conditions: [condition('athlete.tags', 'contains', 'gold')] } };

async function confirm({ client }: Backfilling, workflowId: string, ratePerMinute = 0) {
  const { confirmationToken } = await client.workflows.backfillWorkflow({ workflowId });
  return client.workflows.backfillWorkflow({ workflowId, confirmationToken, ratePerMinute });
}

function enrolledUsers(workflowId: string) {
  return readRows<{ user_id: string }>(
    database,
    sql`select user_id from workflow_enrollments where workflow_id = ${workflowId} order by recorded_at, id`,
  ).then((rows) => rows.map(({ user_id }) => user_id));
}

async function readBackfill(workflowId: string) {
  const [row] = await readRows<{ enrolled_count: number; ended: boolean; started_by: string }>(
    database,
    sql`select enrolled_count, ended_at is not null as ended, started_by from backfills
        where workflow_id = ${workflowId}`,
  );
  return row;
}

async function runAll(backfilling: Backfilling, limits: Partial<Limits> = {}) {
  const backfiller = createTestBackfiller(backfilling, limits);
  for (let turns = 0; turns < 200; turns += 1) {
    while (await backfiller.runOnce()) {}
    backfilling.clock.advance(1_000);
  }
}

describe('the first call of BackfillWorkflow', () => {
  test('counts the athletes that the filter matches today, and enrolls none', async () => {
    const backfilling = createBackfilling();
    const [deleted = '', optedOut = ''] = await createAthletes(backfilling, 5);
    await createAthletes(backfilling, 2, 'silver');
    await backfilling.client.users.deleteUser({ userId: deleted });
    await backfilling.client.users.updateUser({ userId: optedOut, optedOut: true });
    const { id: workflowId } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', GOLD),
    });

    const answer = await backfilling.client.workflows.backfillWorkflow({ workflowId });

    expect(answer).toMatchObject({ estimatedCount: 3, backfillId: '' });
    expect(answer.confirmationToken).not.toBe('');
    expect(await readBackfill(workflowId)).toBeUndefined();
    await runAll(backfilling);
    expect(await enrolledUsers(workflowId)).toEqual([]);
  });

  test('counts conditions on the event as met', async () => {
    const backfilling = createBackfilling();
    await createAthletes(backfilling, 3);
    const conditions = [condition('tag', 'equals', 'vip'), condition('athlete.tags', 'contains', 'gold')];
    const trigger = onTag('vip', { filter: { conditions } });
    const { id: workflowId } = await createActiveWorkflow(backfilling.client, { trigger });

    expect(await backfilling.client.workflows.backfillWorkflow({ workflowId })).toMatchObject({
      estimatedCount: 3,
    });
  });

  test('is refused for an unknown or inactive workflow, or an inactive trigger', async () => {
    const backfilling = createBackfilling();
    const { workflows } = backfilling.client;
    const draft = await createWorkflow(backfilling.client);
    const paused = await createActiveWorkflow(backfilling.client);
    await workflows.pauseWorkflow({ workflowId: paused.id });
    const idle = await createActiveWorkflow(backfilling.client, {
      trigger: { triggerEvent: 'session_missed', isActive: false },
    });
    const foreign = await createActiveWorkflow(createBackfilling().client);

    for (const { id: workflowId } of [draft, paused, idle]) {
      await expectRefusal(workflows.backfillWorkflow({ workflowId }), 'WORKFLOW_NOT_ACTIVE');
    }
    for (const workflowId of [foreign.id, uuidv7()]) {
      await expectRefusal(workflows.backfillWorkflow({ workflowId }), 'WORKFLOW_NOT_FOUND');
    }
  });
});

describe('the confirmation of a backfill', () => {
  test('starts the backfill once, and the audit trail has its actor', async () => {
    const backfilling = createBackfilling();
    await createAthletes(backfilling, 2);
    const { id: workflowId } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', GOLD),
    });

    const { backfillId, estimatedCount } = await confirm(backfilling, workflowId, 120);

    expect(estimatedCount).toBe(2);
    const error = await expectRefusal(confirm(backfilling, workflowId), 'BACKFILL_UNDER_WAY');
    expect(error.message).toContain(workflowId);
    const { entries } = await backfilling.client.audit.listAuditEntries({});
    expect(entries[0]).toMatchObject({
      action: 'BackfillWorkflow',
      targetId: workflowId,
      after: { backfillId, estimatedCount: 2, ratePerMinute: 120 },
    });
    expect(await readBackfill(workflowId)).toMatchObject({ started_by: entries[0]?.actor });
  });

  test('can be repeated with the same request ID', async () => {
    const backfilling = createBackfilling();
    const { id: workflowId } = await createActiveWorkflow(backfilling.client);
    const { confirmationToken } = await backfilling.client.workflows.backfillWorkflow({ workflowId });
    const call = { headers: { 'idempotency-key': uuidv7() } };

    const first = await backfilling.client.workflows.backfillWorkflow(
      { workflowId, confirmationToken },
      call,
    );
    const again = await backfilling.client.workflows.backfillWorkflow(
      { workflowId, confirmationToken },
      call,
    );

    expect(again).toEqual(first);
  });

  test('is valid for ten minutes while workflow, trigger and count are unchanged', async () => {
    const backfilling = createBackfilling();
    const { client, clock } = backfilling;
    await createAthletes(backfilling, 1);
    const { id: workflowId, trigger } = await createActiveWorkflow(client, { trigger: onTag('vip', GOLD) });
    const request = async () => (await client.workflows.backfillWorkflow({ workflowId })).confirmationToken;
    const submit = (confirmationToken: string) =>
      client.workflows.backfillWorkflow({ workflowId, confirmationToken });

    const old = await request();
    clock.advance(10 * 60_000 + 1);
    await expectRefusal(submit(old), 'CONFIRMATION_STALE');

    const before = await request();
    await createAthletes(backfilling, 1);
    await expectRefusal(submit(before), 'CONFIRMATION_STALE');

    const beforeRename = await request();
    const { workflow } = await client.workflows.getWorkflow({ workflowId });
    await client.workflows.updateWorkflow({ workflowId, etag: workflow?.etag ?? '', name: 'Another' });
    await expectRefusal(submit(beforeRename), 'CONFIRMATION_STALE');

    const beforeFilter = await request();
    await client.triggers.updateTrigger({
      triggerId: trigger?.id ?? '',
      etag: trigger?.etag ?? '',
      trigger: onTag('vip', GOLD),
    });
    await expectRefusal(submit(beforeFilter), 'CONFIRMATION_STALE');

    clock.advance(1);
    const last = await request();
    clock.advance(10 * 60_000);
    expect(await submit(last)).not.toMatchObject({ backfillId: '' });
  });

  test('must be a token of this workflow and account', async () => {
    const backfilling = createBackfilling();
    const { workflows } = backfilling.client;
    const [one, other] = [
      await createActiveWorkflow(backfilling.client),
      await createActiveWorkflow(backfilling.client),
    ];
    const { confirmationToken } = await workflows.backfillWorkflow({ workflowId: other.id });
    const forged = Buffer.from(JSON.stringify(['', 1, 2, 3])).toString('base64url');

    for (const token of [confirmationToken, forged, 'x', Buffer.from('{}').toString('base64url')]) {
      await expectRefusal(
        workflows.backfillWorkflow({ workflowId: one.id, confirmationToken: token }),
        'VALIDATION_FAILED',
        ['confirmation_token'],
      );
    }
  });
});

describe('a running backfill', () => {
  test('enrolls each matching athlete once, and the enrollments run', async () => {
    const backfilling = createBackfilling();
    const { client, clock } = backfilling;
    const athletes = await createAthletes(backfilling, 45);
    const others = await createAthletes(backfilling, 5, 'silver');
    const { id: workflowId } = await createActiveWorkflow(client, { trigger: onTag('vip', GOLD) });
    // One athlete per page, with more athletes than partitions, so that pages end within a partition.
    const { backfillId } = await confirm(backfilling, workflowId, 60);

    await runAll(backfilling, { backfillPageSize: 7 });
    await createTestRunner(database, { now: clock.now }).runAll();

    expect((await enrolledUsers(workflowId)).toSorted()).toEqual(athletes.toSorted());
    expect(await readBackfill(workflowId)).toMatchObject({ enrolled_count: 45, ended: true });
    const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId, pageSize: 1 });
    expect(enrollments[0]).toMatchObject({ eventId: '', steps: [{ action: 'add_tag' }] });
    const [fact] = await readFacts(database, athletes[0] ?? '');
    expect(fact).toMatchObject({
      type: 'tag_added',
      actor: 'AUTOMATION',
      cause: { rootEventId: backfillId, causationId: backfillId, depth: 1, chain: [workflowId] },
    });
    expect(await readFacts(database, others[0] ?? '')).toEqual([]);
  });

  test('writes an execution log for each athlete, also for those whom the policy excludes', async () => {
    const backfilling = createBackfilling();
    const [deleted = '', optedOut = ''] = await createAthletes(backfilling, 6);
    await backfilling.client.users.deleteUser({ userId: deleted });
    await backfilling.client.users.updateUser({ userId: optedOut, optedOut: true });
    const { id: workflowId, trigger } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', {
        ...GOLD,
        settings: { configuration: { tag: 'vip' }, cap: { count: 3, window: { seconds: 86_400n } } },
      }),
    });

    await confirm(backfilling, workflowId);
    await runAll(backfilling);

    expect(await enrolledUsers(workflowId)).toHaveLength(3);
    const { executions } = await backfilling.client.triggers.listTriggerExecutions({
      triggerId: trigger?.id ?? '',
    });
    expect(executions.map(({ enrolled, eventId }) => ({ enrolled, eventId }))).toEqual([
      { enrolled: false, eventId: '' },
      ...Array.from({ length: 3 }, () => ({ enrolled: true, eventId: '' })),
    ]);

    await confirm(backfilling, workflowId);
    await runAll(backfilling);
    expect(await enrolledUsers(workflowId)).toHaveLength(3);
  });

  test('queues enrollments outside business hours', async () => {
    const backfilling = createBackfilling();
    await createAthletes(backfilling, 1);
    const intervals = [{ weekday: 1, opens: '08:00', closes: '09:00' }];
    const settings = { configuration: { tag: 'vip' }, businessHours: { timeZone: 'UTC', intervals } };
    const { id: workflowId } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', { ...GOLD, settings }),
    });

    await confirm(backfilling, workflowId);
    await runAll(backfilling);

    const { enrollments } = await backfilling.client.workflows.listWorkflowEnrollments({ workflowId });
    expect(enrollments).toMatchObject([
      { eventId: '', dueAt: { seconds: BigInt(Date.parse('2026-11-23T08:00:00Z') / 1000) } },
    ]);
  });

  test('does not exceed its rate', async () => {
    const backfilling = createBackfilling();
    await createAthletes(backfilling, 30);
    const { id: workflowId } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', GOLD),
    });
    await confirm(backfilling, workflowId, 240);
    const backfiller = createTestBackfiller(backfilling);
    const counts: number[] = [];

    for (let second = 0; second < 5; second += 1) {
      while (await backfiller.runOnce()) {}
      counts.push((await enrolledUsers(workflowId)).length);
      backfilling.clock.advance(1_000);
    }

    // Four per second, of which the first four come at once; a page ends with its partition.
    for (const [second, count] of counts.entries()) {
      expect(count).toBeLessThanOrEqual(4 * (second + 1) + 4);
      expect(count).toBeGreaterThanOrEqual(4 * second);
    }
  });

  test('matches athletes as they are when their page is enrolled', async () => {
    const backfilling = createBackfilling();
    const [gone = '', stays = ''] = await createAthletes(backfilling, 2);
    const { id: workflowId } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', GOLD),
    });
    await confirm(backfilling, workflowId);
    await backfilling.client.users.updateUser({ userId: gone, removeTags: ['gold'] });

    await runAll(backfilling);

    expect(await enrolledUsers(workflowId)).toEqual([stays]);
  });

  test.each([
    [
      'its workflow is paused',
      ({ client }: Backfilling, workflowId: string) => client.workflows.pauseWorkflow({ workflowId }),
    ],
    [
      'its workflow is deleted',
      ({ client }: Backfilling, workflowId: string) => client.workflows.deleteWorkflow({ workflowId }),
    ],
    [
      'its trigger changes',
      ({ client }: Backfilling, _: string, trigger: { id: string; etag: string }) =>
        client.triggers.updateTrigger({ triggerId: trigger.id, etag: trigger.etag, trigger: onTag('vip') }),
    ],
  ])('ends when %s', async (_when, change) => {
    const backfilling = createBackfilling();
    await createAthletes(backfilling, 3);
    const { id: workflowId, trigger } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', GOLD),
    });
    await confirm(backfilling, workflowId, 1);
    const backfiller = createTestBackfiller(backfilling);
    await backfiller.runOnce();
    expect(await enrolledUsers(workflowId)).toHaveLength(1);
    backfilling.clock.advance(1_000);
    await change(backfilling, workflowId, trigger ?? expect.unreachable());

    backfilling.clock.advance(120_000);
    await runAll(backfilling);

    expect(await enrolledUsers(workflowId)).toHaveLength(1);
    expect(await readBackfill(workflowId)).toMatchObject({ enrolled_count: 1, ended: true });
  });
});

describe('each athlete is enrolled once under the policy MULTIPLE', () => {
  const MULTIPLE = {
    configuration: { tag: 'vip' },
    policy: EnrollmentPolicy.MULTIPLE,
  };

  async function begin(backfilling: Backfilling, athletes: number) {
    const ids = await createAthletes(backfilling, athletes);
    const { id: workflowId } = await createActiveWorkflow(backfilling.client, {
      trigger: onTag('vip', { ...GOLD, settings: MULTIPLE }),
    });
    await confirm(backfilling, workflowId, 60_000);
    return { ids, workflowId };
  }

  test('by three concurrent backfillers', async () => {
    const backfilling = createBackfilling();
    const { ids, workflowId } = await begin(backfilling, 60);
    const backfillers = [1, 2, 3].map(() =>
      createTestBackfiller(backfilling, { backfillPageSize: 1 }, db.open()),
    );

    for (let turn = 0; turn < 100; turn += 1) {
      await Promise.all(backfillers.map((backfiller) => backfiller.runOnce()));
      backfilling.clock.advance(100);
    }

    expect((await enrolledUsers(workflowId)).toSorted()).toEqual(ids.toSorted());
    expect(await readBackfill(workflowId)).toMatchObject({ enrolled_count: 60, ended: true });
  });

  test.each(['refuse', 'cut', 'cut after'] as const)(
    'by a backfiller whose pages fail in the middle: %s',
    async (how) => {
      const backfilling = createBackfilling();
      const { ids, workflowId } = await begin(backfilling, 12);
      const faulty = openFaultyDatabase(db);
      const limits = { backfillPageSize: 2 };
      const [due] = await readRows<{ account_id: string }>(
        database,
        sql`select account_id from backfills where workflow_id = ${workflowId}`,
      );
      expect(due?.account_id).toBe(backfilling.client.accountId);
      // Due backfills are found on a healthy connection; only the page's transaction fails.
      const halfFaulty: Database = { ...faulty.database, acrossAccounts: database.acrossAccounts };
      const backfiller = createTestBackfiller(backfilling, limits, halfFaulty);
      let broken = 0;

      for (const statement of [2, 3, 5, 8, 11, 14, 17, 20, 'commit'] as const) {
        faulty.arm({ statement, how, times: 1 });
        await backfiller.runOnce().catch(() => undefined);
        broken += faulty.disarm();
        backfilling.clock.advance(1_000);
      }
      expect(broken).toBeGreaterThan(5);
      await faulty.close();
      await runAll(backfilling, limits);

      expect((await enrolledUsers(workflowId)).toSorted()).toEqual(ids.toSorted());
      expect(await readBackfill(workflowId)).toMatchObject({ enrolled_count: 12, ended: true });
    },
  );
});
