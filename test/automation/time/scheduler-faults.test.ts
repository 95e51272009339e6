/** Several schedulers at once, connections that break, and changes that come in between: everything once. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { rescheduleAthlete, unscheduleTrigger } from '../../../src/automation/time/reschedule.ts';
import { takeAthleteCursors, takeTriggerCursor } from '../../../src/automation/time/scheduler.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { type Fault, openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { birthday, daily, idOf, LIMITS, TimeAccount } from './time-fixtures.ts';

const db = useTestDatabase();

let account: TimeAccount;
beforeEach(async () => {
  account = await new TimeAccount(db.database, '2026-07-01').open();
});

const PAGE = { timeCursorPageSize: 10 };

async function addAthletes(count: number): Promise<string[]> {
  const athletes = Array.from({ length: count }, (_, index) => ({
    id: idOf(index + 1),
    birthDate: '1990-07-15',
  }));
  return account.addAthletes(athletes);
}

async function firedUsers(): Promise<string[]> {
  return (await account.takeFired()).map(({ userId }) => userId);
}

describe('several schedulers at once', () => {
  test('fire each birthday once', async () => {
    const ids = await addAthletes(120);
    await account.addTrigger(birthday());
    const handles = [db.database, db.open(), db.open()];
    const schedulers = handles.map((handle) => account.scheduler(PAGE, handle));
    const runUntil = async (isDone: () => Promise<boolean>) => {
      do {
        await Promise.all(schedulers.map((scheduler) => scheduler.runOnce()));
      } while (!(await isDone()));
    };
    await runUntil(async () => (await account.cursors()).length === ids.length);
    account.clock.set('2026-07-15T09:00:00');
    await runUntil(async () => (await account.cursors()).every((each) => each.includes(' 2027 ')));

    expect(await firedUsers()).toEqual(ids);
    expect((await account.cursors()).length).toBe(ids.length);
    expect(account.errors).toEqual([]);
  });

  test('pass over the athletes of a recurring schedule once', async () => {
    const ids = await addAthletes(95);
    await account.addTrigger(daily());
    account.clock.set('2026-07-01T06:00:00');
    const schedulers = [db.database, db.open()].map((handle) => account.scheduler(PAGE, handle));
    while (!(await account.cursors()).some((each) => each.includes('2026-07-02'))) {
      await Promise.all(schedulers.map((scheduler) => scheduler.runOnce()));
    }

    expect(await firedUsers()).toEqual(ids);
    expect(account.errors).toEqual([]);
  });

  test('do not process each other’s pages', async () => {
    const ids = await addAthletes(15);
    await account.addTrigger(birthday());
    await account.runAll();
    account.clock.set('2026-07-15T09:00:00');
    const limits = { ...LIMITS, ...PAGE };

    await account.run(async (tx) => {
      await takeAthleteCursors(tx, account.clock.now, limits);
      await account.run((other) => takeAthleteCursors(other, account.clock.now, limits));
      expect((await account.cursors()).filter((each) => each.includes(' 2027 ')).length).toBe(5);
    });

    expect(await firedUsers()).toEqual(ids);
  });
});

describe('a connection that breaks at any statement', () => {
  test.each([
    ['of birthdays', () => account.addTrigger(birthday())],
    ['of a recurring schedule', () => account.addTrigger(daily('09:00'))],
  ])('%s leaves whole pages, and the next pass continues', async (_, addTrigger) => {
    const ids = await addAthletes(150);
    await addTrigger();
    const limits = { ...LIMITS, ...PAGE };
    let broken = 0;
    for (const now of ['2026-07-01T00:00:01', '2026-07-15T09:00:00']) {
      account.clock.set(now);
      for (const takePage of [takeAthleteCursors, takeTriggerCursor]) {
        broken += await breakEachStatement((database) =>
          database.transaction(account.accountId, (tx) => takePage(tx, account.clock.now, limits)),
        );
      }
      await account.runAll(PAGE);
    }
    const entries = (await account.takeFired()).filter(
      ({ occurredAt }) => occurredAt === '2026-07-15T09:00:00',
    );

    expect(broken).toBeGreaterThan(10);
    expect(entries.map(({ userId }) => userId)).toEqual(ids);
  });

  /** Does the work again and again, each time with the next statement broken, and gives how many were. */
  async function breakEachStatement(work: (database: Database) => Promise<unknown>): Promise<number> {
    const faulty = openFaultyDatabase(db);
    let broken = 0;
    const attempt = async (fault: Pick<Fault, 'statement' | 'how'>): Promise<boolean> => {
      faulty.arm({ ...fault, times: 1 });
      const outcome = await work(faulty.database).catch((error: unknown) => error);
      const isBroken = faulty.disarm() > 0;
      expect(outcome instanceof Error).toBe(isBroken);
      broken += Number(isBroken);
      return isBroken;
    };
    await attempt({ statement: 'commit', how: 'cut after' });
    for (let statement = 2; await attempt({ statement, how: 'cut' }); statement += 1) {
      // The last of them is the commit.
    }
    await faulty.close();
    return broken;
  }

  test('in one account does not delay another account', async () => {
    await addAthletes(1);
    await account.addTrigger(birthday());
    const other = await new TimeAccount(db.database, '2026-07-01').open();
    await other.addAthlete({ birthDate: '1990-07-15' });
    await other.addTrigger(birthday());
    await account.runAll();
    account.clock.set('2026-07-15T09:00:00');
    const faulty = openFaultyDatabase(db);
    // Those who look for accounts have not as many statements.
    faulty.arm({ statement: 5, how: 'refuse', times: 1 });
    await account.scheduler({}, faulty.database).runOnce();
    faulty.disarm();
    await faulty.close();

    expect(account.errors.length).toBe(1);
    expect((await account.takeFired()).length + (await other.takeFired()).length).toBe(1);
  });

  test('to an unavailable database is reported to the caller', async () => {
    const nowhere = openDatabase('postgres://nobody@127.0.0.1:1/nothing', {
      connections: 1,
      connectionWaitMs: 1_000,
    });

    await expect(account.scheduler({}, nowhere).runOnce()).rejects.toMatchObject({
      reason: 'DATABASE_UNAVAILABLE',
    });
    await nowhere.close();
  });
});

describe('concurrent changes', () => {
  const limits = { ...LIMITS, ...PAGE };

  test('a trigger that is deactivated while its cursors are created has none', async () => {
    await addAthletes(25);
    const { id } = await account.addTrigger(birthday());
    let stopped: Promise<void> | undefined;
    await account.run(async (tx) => {
      await takeTriggerCursor(tx, account.clock.now, limits);
      stopped = account.run((other) => unscheduleTrigger(other, id));
      await expect.poll(() => waitingForLocks()).toBe(1);
    });
    await stopped;

    expect(await account.cursors()).toEqual([]);
  });

  test('an athlete who changes while cursors are created has the newer cursor', async () => {
    const [userId = ''] = await addAthletes(5);
    await account.addTrigger(birthday());
    let rescheduled: Promise<void> | undefined;
    await account.run(async (tx) => {
      await takeTriggerCursor(tx, account.clock.now, limits);
      await account.change(sql`update users set birth_date = '1990-07-10' where id = ${userId}`);
      rescheduled = account.run((other) => rescheduleAthlete(other, userId, account.clock.now, limits));
      await expect.poll(() => waitingForLocks()).toBe(1);
    });
    await rescheduled;

    expect(await account.cursors()).toContain(`${userId} 2026 2026-07-10T09:00`);
  });

  test('an athlete who changed before cursors are created keeps the cursor of the change', async () => {
    const [userId = ''] = await addAthletes(5);
    await account.addTrigger(birthday());
    account.clock.set('2026-07-15T09:30:00');
    await account.run((tx) => rescheduleAthlete(tx, userId, account.clock.now, limits));
    await account.run((tx) => takeTriggerCursor(tx, account.clock.now, limits));

    expect(await account.cursors()).toContain(`${userId} 2027 2027-07-15T09:00`);
    expect((await account.cursors()).filter((each) => each.includes(' 2026 ')).length).toBe(4);
  });

  test('an athlete who changes while the birthday fires is rescheduled by the change', async () => {
    const [userId = ''] = await addAthletes(1);
    await account.addTrigger(birthday());
    await account.runAll();
    account.clock.set('2026-07-15T09:00:00');
    let rescheduled: Promise<void> | undefined;
    await account.run(async (tx) => {
      await takeAthleteCursors(tx, account.clock.now, limits);
      await account.change(sql`update users set birth_date = '1990-12-24' where id = ${userId}`);
      rescheduled = account.run((other) => rescheduleAthlete(other, userId, account.clock.now, limits));
      await expect.poll(() => waitingForLocks()).toBe(1);
    });
    await rescheduled;

    expect(await firedUsers()).toEqual([userId]);
    expect(await account.cursors()).toEqual([`${userId} 2026 2026-12-24T09:00`]);
  });

  test('an athlete whose name changes while the birthday fires has no second birthday', async () => {
    const [userId = ''] = await addAthletes(1);
    await account.addTrigger(birthday());
    await account.runAll();
    account.clock.set('2026-07-15T09:00:00');
    let rescheduled: Promise<void> | undefined;
    await account.run(async (tx) => {
      await takeAthleteCursors(tx, account.clock.now, limits);
      rescheduled = account.run((other) => rescheduleAthlete(other, userId, account.clock.now, limits));
      await expect.poll(() => waitingForLocks()).toBe(1);
    });
    await rescheduled;

    expect(await account.cursors()).toEqual([`${userId} 2027 2027-07-15T09:00`]);
  });

  async function waitingForLocks(): Promise<number> {
    const { rows } = await account.run((tx) =>
      sql<{ count: number }>`
        select count(*)::int as count from pg_locks where not granted and database is null or
          (not granted and database = (select oid from pg_database where datname = current_database()))`.execute(
        tx.sql,
      ),
    );
    return rows[0]?.count ?? 0;
  }
});
