/**
 * All athletes of an account have their birthday at once; the scheduler is killed on the way, and another goes on.
 * `npm run birthdays` takes 100,000 athletes; BIRTHDAYS changes the number.
 */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { unscheduleTrigger } from '../../../src/automation/time/reschedule.ts';
import { readRows } from '../../store/schema-dump.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { birthday, LIMITS, TimeAccount } from './time-fixtures.ts';

const ATHLETES = Number(process.env.BIRTHDAYS || 5_000);
const PAGE = ATHLETES < 50_000 ? ATHLETES / 25 : LIMITS.timeCursorPageSize;
const KILLED_AFTER = ATHLETES * 0.4;

test(`${ATHLETES} birthdays, with a lost connection after ${KILLED_AFTER}, fire exactly once each`, async () => {
  const db = await createTestDatabase();
  const account = await new TimeAccount(db.database, '2026-07-01').open('Europe/Berlin');
  await account.change(sql`
      insert into users (account_id, id, name, birth_date, time_zone, created_at, updated_at)
      select ${account.accountId}::uuid, gen_random_uuid(), 'A', '1990-07-15',
        case n % 2 when 0 then 'Europe/Berlin' end, now(), now()
      from generate_series(1, ${ATHLETES}) n`);
  const count = async (rows: string) => {
    const [row] = await readRows<{ count: number }>(
      db.database,
      sql`select count(*)::int as count from ${sql.raw(rows)}`,
    );
    return row?.count ?? 0;
  };
  const limits = { timeCursorPageSize: PAGE };

  const { id } = await account.addTrigger(birthday());
  const madeIn = await timed(() => account.runAll(limits));
  expect(await count('time_cursors')).toBe(ATHLETES);

  account.clock.set('2026-07-15T07:00:00');
  const faulty = openFaultyDatabase(db);
  const killed = account.scheduler(limits, faulty.database);
  const startedAt = performance.now();
  let firedBefore = 0;
  while (firedBefore < KILLED_AFTER) {
    await killed.runOnce();
    firedBefore = await count('outbox');
  }
  // The connection goes within the page, behind the entries that it had written.
  faulty.arm({ statement: 7, how: 'cut', times: 1 });
  await killed.runOnce();
  expect(faulty.disarm()).toBe(1);
  await faulty.close();
  expect(await count('outbox')).toBe(firedBefore);
  expect(account.errors.length).toBe(1);

  await account.runAll(limits);
  const firedInMs = performance.now() - startedAt;
  expect(await count('outbox')).toBe(ATHLETES);
  expect(await count('(select distinct user_id from outbox) athletes')).toBe(ATHLETES);
  expect(await count("time_cursors where occurrence_key = '2027'")).toBe(ATHLETES);
  const stoppedIn = await timed(() => account.run((tx) => unscheduleTrigger(tx, id)));
  console.info(
    `${ATHLETES} cursors made in ${madeIn} ms, fired in ${Math.round(firedInMs)} ms, removed in ${stoppedIn} ms`,
  );
  expect(firedInMs).toBeLessThan(60_000);
  await db.close();
}, 180_000);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}
