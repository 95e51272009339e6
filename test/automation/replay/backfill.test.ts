/** Backfills: counted, confirmed, and carried out at their rate, each athlete once. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { createTestRunner, readFacts } from '../actions/runs.ts';
import { createTestClock, type TestClock } from '../actions/test-clock.ts';

let db: TestDatabase;
let database: Database;
beforeAll(async () => {
  db = await createTestDatabase();
  database = db.database;
});
afterAll(() => db?.close());

interface Stage {
  readonly client: AutomationClient;
  readonly clock: TestClock;
}

function createStage(limits: Partial<Limits> = {}): Stage {
  const clock = createTestClock();
  return { clock, client: createAutomationClient(database, { clock: clock.now, limits }) };
}

/** What a server process would have. */
function createTestBackfiller({ clock }: Stage, limits: Partial<Limits> = {}, handle = database) {
  const config = readConfig({});
  return createBackfiller({
    database: handle,
    clock: clock.now,
    config: { ...config, limits: { ...config.limits, ...limits } },
  });
}

/** Athletes, all of them with a tag; the ids as partitions go through them do not matter. */
async function createAthletes({ client, clock }: Stage, count: number, tag = 'gold'): Promise<string[]> {
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

async function confirm({ client }: Stage, workflowId: string, ratePerMinute = 0) {
  const { confirmationToken } = await client.workflows.backfillWorkflow({ workflowId });
  return client.workflows.backfillWorkflow({ workflowId, confirmationToken, ratePerMinute });
}

function enrolledUsers(workflowId: string) {
  return readRows<{ user_id: string }>(
    database,
    sql`select user_id from workflow_enrollments where workflow_id = ${workflowId} order by recorded_at, id`,
  ).then((rows) => rows.map(({ user_id }) => user_id));
}

async function backfillOf(workflowId: string) {
  const [row] = await readRows<{ enrolled_count: number; ended: boolean; started_by: string }>(
    database,
    sql`select enrolled_count, ended_at is not null as ended, started_by from backfills
        where workflow_id = ${workflowId}`,
  );
  return row;
}

async function runAll(stage: Stage, limits: Partial<Limits> = {}) {
  const backfiller = createTestBackfiller(stage, limits);
  for (let turns = 0; turns < 200; turns += 1) {
    while (await backfiller.runOnce()) {}
    stage.clock.advance(1_000);
  }
}

describe('the first call', () => {
  test('counts whom the filter matches today, and enrolls nobody', async () => {
    const stage = createStage();
    const [deleted = '', optedOut = ''] = await createAthletes(stage, 5);
    await createAthletes(stage, 2, 'silver');
    await stage.client.users.deleteUser({ userId: deleted });
    await stage.client.users.updateUser({ userId: optedOut, optedOut: true });
    const { id: workflowId } = await createActiveWorkflow(stage.client, { trigger: onTag('vip', GOLD) });

    const answer = await stage.client.workflows.backfillWorkflow({ workflowId });

    expect(answer).toMatchObject({ estimatedCount: 3, backfillId: '' });
    expect(answer.confirmationToken).not.toBe('');
    expect(await backfillOf(workflowId)).toBeUndefined();
    await runAll(stage);
    expect(await enrolledUsers(workflowId)).toEqual([]);
  });

  test('takes conditions on the event for met', async () => {
    const stage = createStage();
    await createAthletes(stage, 3);
    const conditions = [condition('tag', 'equals', 'vip'), condition('athlete.tags', 'contains', 'gold')];
    const trigger = onTag('vip', { filter: { conditions } });
    const { id: workflowId } = await createActiveWorkflow(stage.client, { trigger });

    expect(await stage.client.workflows.backfillWorkflow({ workflowId })).toMatchObject({
      estimatedCount: 3,
    });
  });

  test('is refused for a workflow that is not there, or takes no part', async () => {
    const stage = createStage();
    const { workflows } = stage.client;
    const draft = await createWorkflow(stage.client);
    const paused = await createActiveWorkflow(stage.client);
    await workflows.pauseWorkflow({ workflowId: paused.id });
    const idle = await createActiveWorkflow(stage.client, {
      trigger: { triggerEvent: 'session_missed', isActive: false },
    });
    const foreign = await createActiveWorkflow(createStage().client);

    for (const { id: workflowId } of [draft, paused, idle]) {
      await expectRefusal(workflows.backfillWorkflow({ workflowId }), 'WORKFLOW_NOT_ACTIVE');
    }
    for (const workflowId of [foreign.id, uuidv7()]) {
      await expectRefusal(workflows.backfillWorkflow({ workflowId }), 'WORKFLOW_NOT_FOUND');
    }
  });
});

describe('the confirmation', () => {
  test('begins the backfill, once, and the trail says who did', async () => {
    const stage = createStage();
    await createAthletes(stage, 2);
    const { id: workflowId } = await createActiveWorkflow(stage.client, { trigger: onTag('vip', GOLD) });

    const { backfillId, estimatedCount } = await confirm(stage, workflowId, 120);

    expect(estimatedCount).toBe(2);
    const error = await expectRefusal(confirm(stage, workflowId), 'BACKFILL_UNDER_WAY');
    expect(error.message).toContain(workflowId);
    const { entries } = await stage.client.audit.listAuditEntries({});
    expect(entries[0]).toMatchObject({
      action: 'BackfillWorkflow',
      targetId: workflowId,
      after: { backfillId, estimatedCount: 2, ratePerMinute: 120 },
    });
    expect(await backfillOf(workflowId)).toMatchObject({ started_by: entries[0]?.actor });
  });

  test('may be repeated when the answer was lost', async () => {
    const stage = createStage();
    const { id: workflowId } = await createActiveWorkflow(stage.client);
    const { confirmationToken } = await stage.client.workflows.backfillWorkflow({ workflowId });
    const call = { headers: { 'idempotency-key': uuidv7() } };

    const first = await stage.client.workflows.backfillWorkflow({ workflowId, confirmationToken }, call);
    const again = await stage.client.workflows.backfillWorkflow({ workflowId, confirmationToken }, call);

    expect(again).toEqual(first);
  });

  test('is good for ten minutes, and while workflow, trigger and count are the same', async () => {
    const stage = createStage();
    const { client, clock } = stage;
    await createAthletes(stage, 1);
    const { id: workflowId, trigger } = await createActiveWorkflow(client, { trigger: onTag('vip', GOLD) });
    const ask = async () => (await client.workflows.backfillWorkflow({ workflowId })).confirmationToken;
    const give = (confirmationToken: string) =>
      client.workflows.backfillWorkflow({ workflowId, confirmationToken });

    const old = await ask();
    clock.advance(10 * 60_000 + 1);
    await expectRefusal(give(old), 'CONFIRMATION_STALE');

    const before = await ask();
    await createAthletes(stage, 1);
    await expectRefusal(give(before), 'CONFIRMATION_STALE');

    const beforeRename = await ask();
    const { workflow } = await client.workflows.getWorkflow({ workflowId });
    await client.workflows.updateWorkflow({ workflowId, etag: workflow?.etag ?? '', name: 'Another' });
    await expectRefusal(give(beforeRename), 'CONFIRMATION_STALE');

    const beforeFilter = await ask();
    await client.triggers.updateTrigger({
      triggerId: trigger?.id ?? '',
      etag: trigger?.etag ?? '',
      trigger: onTag('vip', GOLD),
    });
    await expectRefusal(give(beforeFilter), 'CONFIRMATION_STALE');

    clock.advance(1);
    const last = await ask();
    clock.advance(10 * 60_000);
    expect(await give(last)).not.toMatchObject({ backfillId: '' });
  });

  test('must be one, of this workflow and account', async () => {
    const stage = createStage();
    const { workflows } = stage.client;
    const [one, other] = [await createActiveWorkflow(stage.client), await createActiveWorkflow(stage.client)];
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

describe('the backfill', () => {
  test('enrolls each athlete once, and the runs go their way', async () => {
    const stage = createStage();
    const { client, clock } = stage;
    const athletes = await createAthletes(stage, 45);
    const others = await createAthletes(stage, 5, 'silver');
    const { id: workflowId } = await createActiveWorkflow(client, { trigger: onTag('vip', GOLD) });
    // One a page, of more athletes than there are partitions: pages end before their partition does.
    const { backfillId } = await confirm(stage, workflowId, 60);

    await runAll(stage, { backfillPageSize: 7 });
    await createTestRunner(database, { now: clock.now }).runAll();

    expect((await enrolledUsers(workflowId)).toSorted()).toEqual(athletes.toSorted());
    expect(await backfillOf(workflowId)).toMatchObject({ enrolled_count: 45, ended: true });
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

  test('leaves a row of the log for each athlete, also for those whom the policy keeps out', async () => {
    const stage = createStage();
    const [deleted = '', optedOut = ''] = await createAthletes(stage, 6);
    await stage.client.users.deleteUser({ userId: deleted });
    await stage.client.users.updateUser({ userId: optedOut, optedOut: true });
    const { id: workflowId, trigger } = await createActiveWorkflow(stage.client, {
      trigger: onTag('vip', {
        ...GOLD,
        settings: { configuration: { tag: 'vip' }, cap: { count: 3, window: { seconds: 86_400n } } },
      }),
    });

    await confirm(stage, workflowId);
    await runAll(stage);

    expect(await enrolledUsers(workflowId)).toHaveLength(3);
    const { executions } = await stage.client.triggers.listTriggerExecutions({
      triggerId: trigger?.id ?? '',
    });
    expect(executions.map(({ enrolled, eventId }) => ({ enrolled, eventId }))).toEqual([
      { enrolled: false, eventId: '' },
      ...Array.from({ length: 3 }, () => ({ enrolled: true, eventId: '' })),
    ]);

    await confirm(stage, workflowId);
    await runAll(stage);
    expect(await enrolledUsers(workflowId)).toHaveLength(3);
  });

  test('puts whom it finds outside business hours into the queue', async () => {
    const stage = createStage();
    await createAthletes(stage, 1);
    const intervals = [{ weekday: 1, opens: '08:00', closes: '09:00' }];
    const settings = { configuration: { tag: 'vip' }, businessHours: { timeZone: 'UTC', intervals } };
    const { id: workflowId } = await createActiveWorkflow(stage.client, {
      trigger: onTag('vip', { ...GOLD, settings }),
    });

    await confirm(stage, workflowId);
    await runAll(stage);

    const { enrollments } = await stage.client.workflows.listWorkflowEnrollments({ workflowId });
    expect(enrollments).toMatchObject([
      { eventId: '', dueAt: { seconds: BigInt(Date.parse('2026-11-23T08:00:00Z') / 1000) } },
    ]);
  });

  test('goes no faster than its rate', async () => {
    const stage = createStage();
    await createAthletes(stage, 30);
    const { id: workflowId } = await createActiveWorkflow(stage.client, { trigger: onTag('vip', GOLD) });
    await confirm(stage, workflowId, 240);
    const backfiller = createTestBackfiller(stage);
    const counts: number[] = [];

    for (let second = 0; second < 5; second += 1) {
      while (await backfiller.runOnce()) {}
      counts.push((await enrolledUsers(workflowId)).length);
      stage.clock.advance(1_000);
    }

    // Four a second, of which the first four come at once; a page ends with its partition.
    for (const [second, count] of counts.entries()) {
      expect(count).toBeLessThanOrEqual(4 * (second + 1) + 4);
      expect(count).toBeGreaterThanOrEqual(4 * second);
    }
  });

  test('begins with the athletes as they are then', async () => {
    const stage = createStage();
    const [gone = '', stays = ''] = await createAthletes(stage, 2);
    const { id: workflowId } = await createActiveWorkflow(stage.client, { trigger: onTag('vip', GOLD) });
    await confirm(stage, workflowId);
    await stage.client.users.updateUser({ userId: gone, removeTags: ['gold'] });

    await runAll(stage);

    expect(await enrolledUsers(workflowId)).toEqual([stays]);
  });

  test.each([
    [
      'its workflow is paused',
      ({ client }: Stage, workflowId: string) => client.workflows.pauseWorkflow({ workflowId }),
    ],
    [
      'its workflow is deleted',
      ({ client }: Stage, workflowId: string) => client.workflows.deleteWorkflow({ workflowId }),
    ],
    [
      'its trigger changes',
      ({ client }: Stage, _: string, trigger: { id: string; etag: string }) =>
        client.triggers.updateTrigger({ triggerId: trigger.id, etag: trigger.etag, trigger: onTag('vip') }),
    ],
  ])('ends when %s', async (_when, change) => {
    const stage = createStage();
    await createAthletes(stage, 3);
    const { id: workflowId, trigger } = await createActiveWorkflow(stage.client, {
      trigger: onTag('vip', GOLD),
    });
    await confirm(stage, workflowId, 1);
    const backfiller = createTestBackfiller(stage);
    await backfiller.runOnce();
    expect(await enrolledUsers(workflowId)).toHaveLength(1);
    stage.clock.advance(1_000);
    await change(stage, workflowId, trigger ?? expect.unreachable());

    stage.clock.advance(120_000);
    await runAll(stage);

    expect(await enrolledUsers(workflowId)).toHaveLength(1);
    expect(await backfillOf(workflowId)).toMatchObject({ enrolled_count: 1, ended: true });
  });
});

describe('each athlete is enrolled once, with a policy that would allow more,', () => {
  const MULTIPLE = {
    configuration: { tag: 'vip' },
    policy: EnrollmentPolicy.MULTIPLE,
  };

  async function begin(stage: Stage, athletes: number) {
    const ids = await createAthletes(stage, athletes);
    const { id: workflowId } = await createActiveWorkflow(stage.client, {
      trigger: onTag('vip', { ...GOLD, settings: MULTIPLE }),
    });
    await confirm(stage, workflowId, 60_000);
    return { ids, workflowId };
  }

  test('by three backfillers at the same time', async () => {
    const stage = createStage();
    const { ids, workflowId } = await begin(stage, 60);
    const backfillers = [1, 2, 3].map(() => createTestBackfiller(stage, { backfillPageSize: 1 }, db.open()));

    for (let turn = 0; turn < 100; turn += 1) {
      await Promise.all(backfillers.map((backfiller) => backfiller.runOnce()));
      stage.clock.advance(100);
    }

    expect((await enrolledUsers(workflowId)).toSorted()).toEqual(ids.toSorted());
    expect(await backfillOf(workflowId)).toMatchObject({ enrolled_count: 60, ended: true });
  });

  test.each(['refuse', 'cut', 'cut after'] as const)(
    'by one whose pages end in the middle: %s',
    async (how) => {
      const stage = createStage();
      const { ids, workflowId } = await begin(stage, 12);
      const faulty = openFaultyDatabase(db);
      const limits = { backfillPageSize: 2 };
      const [due] = await readRows<{ account_id: string }>(
        database,
        sql`select account_id from backfills where workflow_id = ${workflowId}`,
      );
      expect(due?.account_id).toBe(stage.client.accountId);
      // The pass finds what is due on a sound connection: its page, the next transaction, is what breaks.
      const halfSound: Database = { ...faulty.database, acrossAccounts: database.acrossAccounts };
      const backfiller = createTestBackfiller(stage, limits, halfSound);
      let broken = 0;

      for (const statement of [2, 3, 5, 8, 11, 14, 17, 20, 'commit'] as const) {
        faulty.arm({ statement, how, times: 1 });
        await backfiller.runOnce().catch(() => undefined);
        broken += faulty.disarm();
        stage.clock.advance(1_000);
      }
      expect(broken).toBeGreaterThan(5);
      await faulty.close();
      await runAll(stage, limits);

      expect((await enrolledUsers(workflowId)).toSorted()).toEqual(ids.toSorted());
      expect(await backfillOf(workflowId)).toMatchObject({ enrolled_count: 12, ended: true });
    },
  );
});
