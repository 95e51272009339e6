/** Each step is done once, whichever process runs it, and wherever a process or connection ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeCall } from '../../../src/automation/actions/call-queue.ts';
import { takeStep } from '../../../src/automation/actions/take-step.ts';
import type { Database } from '../../../src/store/database.ts';
import { systemClock } from '../../../src/values/system-clock.ts';
import { readRows } from '../../store/schema-dump.ts';
import { type Athlete, createAthlete } from '../../support/fixtures.ts';
import { type Fault, openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type ActionInit,
  createTestDeps,
  createTestRunner,
  insertRun,
  insertWorkflow,
  readFacts,
  readRun,
  type TestRun,
} from './runs.ts';
import { createTestClock } from './test-clock.ts';

const db = useTestDatabase({ connections: 20 });
let database: Database;
beforeAll(() => {
  database = db.database;
});

/** An action that emits an event each time, so that a repeated step is found. */
const checkIn = (place: string): ActionInit => ({
  case: 'emitEvent',
  value: { type: 'custom.checked_in', data: { place } },
});

/** An athlete whose account has the event. */
async function newAthlete(): Promise<Athlete> {
  const athlete = await createAthlete(database, {
    lifts: { squat: '100' },
    rules: [
      {
        type: 'LINEAR_PROGRESSION',
        parameters: { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '2.5' },
      },
    ],
  });
  await database.transaction(athlete.accountId, (tx) =>
    sql`insert into custom_event_types (account_id, slug, fields)
        values (${tx.accountId}, 'checked_in', '[{"name": "place", "type": "string", "description": ""}]')`.execute(
      tx.sql,
    ),
  );
  return athlete;
}

/** The number of facts per athlete and place; of other facts, such as a run's end, per type. */
function checkInsOf(accountId: string) {
  return readRows<{ user_id: string; place: string; count: number }>(
    database,
    sql`select o.user_id, coalesce(f -> 'data' ->> 'place', f ->> 'type') as place, count(*)::int as count
        from outbox o, jsonb_array_elements(o.facts) f
        where o.account_id = ${accountId} group by 1, 2 order by 1, 2`,
  );
}

describe('a connection that ends, or a statement that fails,', () => {
  const HOWS: readonly Fault['how'][] = ['refuse', 'cut', 'cut after'];
  const STATEMENTS: readonly Fault['statement'][] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 'commit'];
  // A `begin` that is refused on a connection that lives on does not happen.
  const FAULTS = HOWS.flatMap((how) => STATEMENTS.map((statement) => ({ how, statement }))).filter(
    ({ how, statement }) => how !== 'refuse' || statement !== 1,
  );

  test.each(FAULTS)('$how at statement $statement of a step loses and doubles nothing', async (fault) => {
    const clock = createTestClock();
    const made = await insertRun(database, {
      ...(await newAthlete()),
      actions: [checkIn('gym'), checkIn('home')],
      now: clock.now,
    });
    const faulty = openFaultyDatabase(db);

    faulty.arm({ ...fault, times: 1 });
    await takeStep(createTestDeps(faulty.database, clock), {
      accountId: made.accountId,
      id: made.enrollmentId,
    }).catch(() => undefined);
    faulty.disarm();
    await faulty.close();
    clock.advance(60_000);
    await createTestRunner(database, clock).runAll();

    expect(await readRun(database, made)).toMatchObject({
      state: 'COMPLETED',
      steps: [{ outcome: 'DONE' }, { outcome: 'DONE' }],
    });
    expect((await readFacts(database, made.userId)).map(({ data }) => data.place)).toEqual(['gym', 'home']);
  });

  test('the tested statements include all statements of a step', async () => {
    const clock = createTestClock();
    const made = await insertRun(database, {
      ...(await newAthlete()),
      actions: [checkIn('gym')],
      now: clock.now,
    });
    const faulty = openFaultyDatabase(db);
    const due = { accountId: made.accountId, id: made.enrollmentId };

    faulty.arm({ statement: 12, how: 'refuse' });
    await takeStep(createTestDeps(faulty.database, clock), due);

    expect(faulty.disarm()).toBe(0);
    await faulty.close();
  });

  /** In which of the transactions of a call the fault is. */
  const MOMENTS = ['claim', 'engine', 'record'] as const;
  test.each(MOMENTS.flatMap((moment) => HOWS.map((how) => ({ moment, how }))))(
    '$how at the commit of the $moment of a call loses and doubles nothing',
    async ({ moment, how }) => {
      const clock = createTestClock();
      const athlete = await newAthlete();
      const [progressionId = ''] = athlete.progressionIds;
      const made = await insertRun(database, {
        ...athlete,
        actions: [{ case: 'applyProgression', value: { progressionId, force: true } }],
        now: clock.now,
      });
      const faulty = openFaultyDatabase(db);
      const deps = createTestDeps(faulty.database, clock);
      await faulty.database.ensureAccount(made.accountId);
      const arm = (at: (typeof MOMENTS)[number]) => {
        if (at === moment) {
          faulty.arm({ statement: 'commit', how, times: 1 });
        }
      };
      const queue: typeof deps.queue = {
        async submit(command) {
          arm('engine');
          const answer = await deps.queue.submit(command);
          arm('record');
          return answer;
        },
      };

      arm('claim');
      await makeCall({ ...deps, queue }, { accountId: made.accountId, id: made.enrollmentId }).catch(
        () => undefined,
      );
      expect(faulty.disarm()).toBe(1);
      await faulty.close();
      clock.advance(120_000);
      await createTestRunner(database, clock).runAll();

      expect(await readRun(database, made)).toMatchObject({
        state: 'COMPLETED',
        steps: [{ outcome: 'DONE' }],
      });
      const versions = await readRows(
        database,
        sql`select trim_scale(value)::text as value from lift_maxes where user_id = ${made.userId} order by version`,
      );
      expect(versions).toEqual([{ value: '100' }, { value: '102.5' }]);
    },
  );
});

/** Runs of many athletes of an account, each with three steps. */
async function insertRuns(athletes: number, now = createTestClock().now): Promise<TestRun[]> {
  const first = await newAthlete();
  const { accountId } = first;
  const actions = [checkIn('one'), checkIn('two'), checkIn('three')];
  const workflowId = await insertWorkflow(database, accountId, actions);
  const runs: TestRun[] = [];
  for (let index = 0; index < athletes; index += 1) {
    const { userId } =
      index === 0 ? first : await createAthlete(database, { lifts: {}, accountId, enrolled: false });
    runs.push(await insertRun(database, { accountId, userId, workflowId, actions, now }));
  }
  return runs;
}

async function expectEachOnce(runs: readonly TestRun[]) {
  const [{ accountId } = expect.unreachable()] = runs;
  expect(await checkInsOf(accountId)).toEqual(
    runs
      .map(({ userId }) => userId)
      .toSorted()
      .flatMap((user_id) =>
        ['one', 'run_completed', 'three', 'two'].map((place) => ({ user_id, place, count: 1 })),
      ),
  );
  for (const run of runs) {
    expect(await readRun(database, run)).toMatchObject({
      state: 'COMPLETED',
      steps: [{ outcome: 'DONE' }, { outcome: 'DONE' }, { outcome: 'DONE' }],
    });
  }
}

test('three concurrent runners do each step once', async () => {
  const { now } = createTestClock();
  const runs = await insertRuns(60, now);
  const runners = [1, 2, 3].map(() => createTestRunner(db.open(), { now }));

  await Promise.all(runners.map((runner) => runner.runAll()));

  await expectEachOnce(runs);
});

test('a runner that is killed repeatedly loses and doubles nothing', async () => {
  const runs = await insertRuns(200, systemClock);

  for (let killed = 0; killed < 5; killed += 1) {
    const runner = await startRunnerProcess();
    // From what it has done so far on, anywhere in what it is about to do.
    await expect.poll(doneSteps, { interval: 10 }).toBeGreaterThan(killed * 20);
    runner.kill('SIGKILL');
    await once(runner, 'exit');
  }
  expect(await doneSteps()).toBeLessThan(600);
  await createTestRunner(database, { now: () => systemClock() + 120_000_000n }).runAll();

  await expectEachOnce(runs);

  async function doneSteps() {
    const [{ done } = { done: 0 }] = await readRows<{ done: number }>(
      database,
      sql`select count(*)::int as done from action_executions where account_id = ${runs[0]?.accountId}`,
    );
    return done;
  }
});

async function startRunnerProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'runner-process.ts'), db.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'running') {
      return child;
    }
  }
  throw new Error('the runner ended before it ran');
}
