/** The enrollments that a pass takes: due ones, with turns over accounts. */
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, expect, test } from 'vitest';
import { findDueEnrollments } from '../../../src/automation/actions/due-enrollments.ts';
import type { Database } from '../../../src/store/database.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type ActionInit, createTestRunner, insertRun, insertWorkflow, readRun } from './runs.ts';
import { createTestClock } from './test-clock.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

const { now } = createTestClock();
const ACTIONS: readonly ActionInit[] = [{ case: 'addTag', value: { tag: 'vip' } }];

/** So many runs of one athlete, each due a millisecond after the one before; the ids in that order. */
async function insertRuns(count: number, dueInMs: number, state = 'TRIGGERED'): Promise<string[]> {
  const athlete = await createAthlete(database, { lifts: {}, enrolled: false });
  const workflowId = await insertWorkflow(database, athlete.accountId, ACTIONS);
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const run = await insertRun(database, {
      ...{ ...athlete, workflowId, actions: ACTIONS, now, state },
      dueInMs: dueInMs + index,
    });
    ids.push(run.enrollmentId);
  }
  return ids;
}

const LIMITS = { dueEnrollments: 8, dueEnrollmentsPerAccount: 3 };

test('accounts take turns, and one with many due runs does not hide the others', async () => {
  const busy = await insertRuns(20, -10_000);
  const quiet = await insertRuns(2, -5_000);
  const late = await insertRuns(1, -1);
  const waiting = [...(await insertRuns(1, 1)), ...(await insertRuns(1, -1, 'QUEUED'))];

  const ids = (await findDueEnrollments(database, now(), LIMITS, [])).map(({ id }) => id);

  expect(ids).toEqual([busy[0], quiet[0], late[0], busy[1], quiet[1], busy[2]]);
  expect(waiting.filter((id) => ids.includes(id))).toEqual([]);

  const without = [...busy.slice(0, 2), ...quiet];
  const others = (await findDueEnrollments(database, now(), LIMITS, without)).map(({ id }) => id);
  expect(others).toEqual([busy[2], late[0], busy[3], busy[4]]);
});

test('passes continue while there is more to do', async () => {
  const ids = await insertRuns(10, -20_000);
  const runner = createTestRunner(database, { now, limits: LIMITS });

  await runner.runAll();

  const states = await Promise.all(
    ids.map(async (enrollmentId) => (await readRun(database, { enrollmentId })).state),
  );
  expect(new Set(states)).toEqual(new Set(['COMPLETED']));
  expect(await findDueEnrollments(database, now(), LIMITS, [uuidv7()])).toEqual([]);
});

test('a stopped runner starts no further step', async () => {
  const ids = await insertRuns(40, -30_000);
  const runner = createTestRunner(database, { now, limits: { concurrentSteps: 1 } });

  const pass = runner.runOnce();
  await expect
    .poll(async () => (await readRun(database, { enrollmentId: ids[0] ?? '' })).state, { interval: 1 })
    .toBe('COMPLETED');
  await runner.stop();
  await pass;

  const states = await Promise.all(
    ids.map(async (enrollmentId) => (await readRun(database, { enrollmentId })).state),
  );
  expect(states.at(-1)).toBe('TRIGGERED');
  expect(await runner.runOnce()).toBe(false);
});
