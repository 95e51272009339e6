/** The twelve weeks of the demo account. */
import { sql } from 'kysely';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { seedDemoHistory } from '../../src/commands/demo-history/seed-demo-history.ts';
import { seed } from '../../src/commands/seed-demo-account.ts';
import { DEMO_ACCOUNT_ID, readConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createTestDatabase, useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();
const config = readConfig({});
const DAY_S = 86_400;
const HOUR_MS = 3_600_000;

async function read<T>(query: ReturnType<typeof sql<T>>): Promise<T[]> {
  return db.database.transaction(DEMO_ACCOUNT_ID, async (tx) => (await query.execute(tx.sql)).rows);
}

/** How many rows each table has that training leaves rows in. */
async function counts(): Promise<unknown> {
  return read(sql`
    select (select count(*)::int from requests) as requests, (select count(*)::int from logged_sets) as sets,
      (select count(*)::int from lift_maxes) as maxes, (select count(*)::int from events) as events,
      (select count(*)::int from workflow_enrollments) as runs`);
}

describe('the history of the demo account', () => {
  beforeAll(async () => {
    await seed(db.database, systemClock);
    // As two processes do that start at the same time.
    await Promise.all([seedDemoHistory(db.database, config), seedDemoHistory(db.database, config)]);
  }, 120_000);

  test('has three athletes who train three times a week for twelve weeks, up to the day before', async () => {
    const sessions = await read(sql<{ name: string; count: number; days: number; age: number }>`
      select name, count(*)::int as count,
        extract(epoch from max(occurred_at) - min(occurred_at))::float8 as days,
        extract(epoch from now() - max(occurred_at))::float8 as age
      from requests join users on users.id = requests.user_id
      where method = 'HandleSessionComplete' group by name order by name`);

    expect(sessions.map(({ name, count }) => [name, count])).toEqual([
      ['Demo Allrounder', 35],
      ['Demo Comeback', 35],
      ['Demo Regular', 33],
    ]);
    for (const { days, age } of sessions) {
      expect(days).toBe(81 * DAY_S);
      expect(age).toBeGreaterThan(DAY_S);
      expect(age).toBeLessThan(1.1 * DAY_S);
    }
  });

  test('has raises, deloads, AMRAP results, stages, manual maxes, a revert and missed sets', async () => {
    const [found] = await read(sql<Record<string, boolean>>`
      with logs as (select log.new_value, log.previous_value, rule.type from progression_logs log
        join progressions rule on rule.id = log.progression_id)
      select exists (select from logs where new_value > previous_value) as raises,
        exists (select from logs where type = 'DELOAD_ON_FAILURE') as deloads,
        exists (select from logs where type = 'GREYSKULL_PROGRESSION') as amraps,
        exists (select from logs where type = 'STAGE_PROGRESSION') as stages,
        exists (select from lift_maxes where source = 'MANUAL' and version > 1) as manual,
        exists (select from lift_maxes where source = 'REVERT') as reverts,
        exists (select from logged_sets where reps_performed < target_reps) as misses`);

    expect(found).toEqual({
      ...{ raises: true, deloads: true, amraps: true, stages: true },
      ...{ manual: true, reverts: true, misses: true },
    });
  });

  test('has three active workflows, with runs that completed and one that failed', async () => {
    const runs = await read(sql<{ name: string; status: string; states: string[] }>`
      select name, status, array_agg(distinct run.state) as states
      from workflows join workflow_enrollments run on run.workflow_id = workflows.id
      group by name, status order by name`);

    expect(runs.map(({ name, status }) => [name, status])).toEqual([
      ['Mark a stalled lift', 'ACTIVE'],
      ['Next program at a squat of 90 kg', 'ACTIVE'],
      ['Tag who missed a session', 'ACTIVE'],
    ]);
    expect(runs[0]?.states).toContain('COMPLETED');
    expect(runs[1]?.states).toEqual(['FAILED']);
    expect(runs[2]?.states).toEqual(['COMPLETED']);
  });

  test('has one dead letter, of an event that failed at every attempt for a trigger that cannot be read', async () => {
    const letters = await read(sql`
      select letter.state, letter.reason, letter.attempts, workflows.name from dead_letters letter
      join workflow_triggers trigger on trigger.id = letter.trigger_id
      join workflows on workflows.id = trigger.workflow_id`);

    expect(letters).toEqual([
      {
        ...{ state: 'DEAD', reason: 'TRIGGER_UNREADABLE', name: 'Call after a no-show' },
        attempts: config.limits.triggerTries,
      },
    ]);
  });

  test('is written by a process that has been running for long', async () => {
    const other = await createTestDatabase();
    onTestFinished(() => other.close());
    await seed(other.database, systemClock);
    const realNow = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => realNow() + HOUR_MS);
    onTestFinished(() => void vi.restoreAllMocks());

    await seedDemoHistory(other.database, config);

    const { rows } = await other.database.transaction(DEMO_ACCOUNT_ID, (tx) =>
      sql<{ count: number }>`select count(*)::int as count from logged_sets`.execute(tx.sql),
    );
    expect(rows[0]?.count).toBeGreaterThan(500);
  }, 120_000);

  test('is not written again at the next start', async () => {
    const before = await counts();

    await seedDemoHistory(db.database, config);

    expect(await counts()).toEqual(before);
  });
});
