/** Events are evaluated exactly once and in order, with concurrent evaluators and failing connections. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { tryLockPartitions } from '../../../src/store/lock-partition.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  createAutomatedAccount,
  evaluateAll,
  evaluatorDeps,
  loggedReasons,
  NOON,
  SECOND,
  waitingPartitions,
} from './automated-account.ts';

const MULTIPLE = { policy: 'ENROLLMENT_POLICY_MULTIPLE' };

const db = useTestDatabase();
let account: AutomatedAccount;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
});

/** The numbers of the evaluated events in the order of the execution log, by athlete. */
async function loggedNumbers(): Promise<Record<string, number[]>> {
  const rows = await account.rows(sql<{ user_id: string; n: number }>`
    select user_id, (event ->> 'n')::int as n from (
      select id, user_id, event_data -> 'data' as event from trigger_execution_logs
    ) l order by id`);
  const byAthlete = Map.groupBy(rows, ({ user_id }) => user_id);
  return Object.fromEntries([...byAthlete].map(([userId, ofUser]) => [userId, ofUser.map(({ n }) => n)]));
}

function numbered(count: number, from = 0) {
  return Array.from({ length: count }, (_, index) => ({
    data: { n: from + index },
    at: NOON + BigInt(from + index) * 3_600n * SECOND,
  }));
}

describe('a partition', () => {
  test('is evaluated in order over several batches', async () => {
    await account.addWorkflow({ settings: MULTIPLE });
    const userId = await account.addAthlete();
    await account.emit(userId, ...numbered(7));
    const evaluator = createEvaluator(evaluatorDeps(db.database, { limits: { evaluatedEntries: 3 } }));
    const [{ partition } = { partition: -1 }] = await waitingPartitions(account);
    const evaluate = () => evaluator.evaluatePartitions(account.accountId, [partition]);

    expect(await evaluate()).toEqual({ evaluated: 3, busy: [], unfinished: [partition] });
    expect(await evaluate()).toEqual({ evaluated: 3, busy: [], unfinished: [partition] });
    expect(await evaluate()).toEqual({ evaluated: 1, busy: [], unfinished: [] });
    expect(await evaluate()).toEqual({ evaluated: 0, busy: [], unfinished: [] });
    expect(await loggedNumbers()).toEqual({ [userId]: [0, 1, 2, 3, 4, 5, 6] });
  });

  test('is evaluated in smaller batches when its events have many candidate triggers', async () => {
    await account.addWorkflow({ settings: MULTIPLE });
    await account.addWorkflow({ settings: MULTIPLE });
    const userId = await account.addAthlete();
    await account.emit(userId, ...numbered(3));
    const evaluator = createEvaluator(evaluatorDeps(db.database, { limits: { evaluatedCandidates: 3 } }));
    const [{ partition } = { partition: -1 }] = await waitingPartitions(account);
    const evaluate = () => evaluator.evaluatePartitions(account.accountId, [partition]);

    expect(await evaluate()).toEqual({ evaluated: 2, busy: [], unfinished: [partition] });
    expect(await evaluate()).toEqual({ evaluated: 1, busy: [], unfinished: [] });
    expect(await loggedNumbers()).toEqual({ [userId]: [0, 0, 1, 1, 2, 2] });
  });

  test('is evaluated by one transaction at a time', async () => {
    const userId = await account.addAthlete();
    await account.emit(userId, {});
    const [{ partition } = { partition: -1 }] = await waitingPartitions(account);
    const evaluator = createEvaluator(evaluatorDeps(db.open()));

    await account.inTransaction(async (tx) => {
      expect(await tryLockPartitions(tx, [partition])).toEqual([partition]);
      expect(await evaluator.evaluatePartitions(account.accountId, [partition])).toEqual({
        ...{ evaluated: 0, busy: [partition], unfinished: [] },
      });
    });

    expect(await evaluator.evaluatePartitions(account.accountId, [partition])).toMatchObject({
      evaluated: 1,
    });
  });

  test('is not blocked by the same partition of another account', async () => {
    const other = await createAutomatedAccount(db.database);
    const evaluator = createEvaluator(evaluatorDeps(db.open()));

    await other.inTransaction(async (tx) => {
      expect(await tryLockPartitions(tx, [0])).toEqual([0]);
      expect(await evaluator.evaluatePartitions(account.accountId, [0])).toMatchObject({ busy: [] });
    });
  });
});

test('two concurrent evaluators evaluate each event once, and each athlete’s events in order', async () => {
  await account.addWorkflow({ settings: MULTIPLE });
  const userIds = [];
  for (let made = 0; made < 4; made += 1) {
    const userId = await account.addAthlete();
    await account.emit(userId, ...numbered(10));
    userIds.push(userId);
  }
  const evaluators = [db.open(), db.open()].map((database) =>
    createEvaluator(evaluatorDeps(database, { limits: { evaluatedEntries: 2 } })),
  );

  await Promise.all(evaluators.map((evaluator) => untilNothingWaits(() => evaluateAll(account, evaluator))));

  const order = Array.from({ length: 10 }, (_, n) => n);
  expect(await loggedNumbers()).toEqual(Object.fromEntries(userIds.map((userId) => [userId, order])));
});

test('an event that a concurrent transaction writes to the log is evaluated only there', async () => {
  await account.addWorkflow();
  const userId = await account.addAthlete();
  const [eventId = ''] = await account.emit(userId, {});
  const [{ partition } = { partition: -1 }] = await waitingPartitions(account);
  const evaluator = createEvaluator(evaluatorDeps(db.open()));

  const { evaluating } = await account.inTransaction(async (tx) => {
    await sql`insert into events (account_id, id, type, user_id, occurred_at, recorded_at, sequence, position, actor,
        data, root_event_id, evaluated_at)
      values (${account.accountId}, ${eventId}, 'session_completed', ${userId}, now(), now(), 1, 0, 'SYSTEM', '{}',
        ${eventId}, now())`.execute(tx.sql);
    const refused = evaluator
      .evaluatePartitions(account.accountId, [partition])
      .catch((error: unknown) => error);
    await expect.poll(waitsForTransaction).toBe(true);
    return { evaluating: refused };
  });

  expect(await evaluating).toMatchObject({ reason: 'CONCURRENT_UPDATE' });
  expect(await evaluateAll(account)).toBe(1);
  expect(await loggedReasons(account)).toEqual([]);
  expect(await account.rows(sql`select id from workflow_enrollments`)).toEqual([]);
});

async function waitsForTransaction(): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`
    select exists (select from pg_locks where locktype = 'transactionid' and not granted) as waits`.execute(
    db.database.orm.em.fork().getKysely(),
  );
  return rows[0]?.waits === true;
}

async function untilNothingWaits(evaluate: () => Promise<unknown>): Promise<void> {
  while ((await waitingPartitions(account)).length > 0) {
    await evaluate();
  }
}

/** More than the number of statements of a batch of three, from `begin` to `commit`. */
const STATEMENTS = 20;

describe('a connection that fails', () => {
  test.each(['cut', 'cut after'] as const)(
    'at any statement (%s) leaves the whole batch or nothing',
    async (how) => {
      const faulty = openFaultyDatabase(db);
      await account.addWorkflow({ settings: { ...MULTIPLE, cap: { count: 1000, window: '86400s' } } });
      await account.addWorkflow({ event: 'session_missed' });
      const evaluator = createEvaluator(evaluatorDeps(faulty.database));
      let emitted = 0;
      const userId = await account.addAthlete();
      for (const statement of [...Array.from({ length: STATEMENTS }, (_, n) => n + 2), 'commit' as const]) {
        await account.emit(userId, ...numbered(3, emitted));
        emitted += 3;
        const [{ partition } = { partition: -1 }] = await waitingPartitions(account);

        faulty.arm({ statement, how, times: 1 });
        await evaluator.evaluatePartitions(account.accountId, [partition]).catch((error: Error) => {
          expect(error).toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
        });
        faulty.disarm();
        await evaluateAll(account, evaluator);
      }
      await faulty.close();

      expect(await loggedNumbers()).toEqual({ [userId]: Array.from({ length: emitted }, (_, n) => n) });
      expect(new Set(await loggedReasons(account))).toEqual(new Set(['ENROLLED']));
      const counted = await account.rows(sql`
      select (select count(*)::int from workflow_enrollments) as enrollments, (select count(*)::int from events) as events,
        (select sum(count)::int from enrollment_caps) as slots, (select count(*)::int from dead_letters) as letters`);
      expect(counted).toEqual([{ enrollments: emitted, events: emitted, slots: emitted, letters: 0 }]);
    },
  );
});
