/** Fills an empty database with athletes on one program, and with the additional data of the floor. */
import { type Kysely, sql } from 'kysely';
import type { Database } from '../src/store/database.ts';

/** Fixed ids, so that the load and the floor can compute an athlete's id from a number. */
export const ACCOUNT_ID = '0199aaaa-0000-7000-8000-000000000000';
export const PROGRAM_ID = '0199cccc-0000-7000-8000-000000000000';

/** The default number of lifts of a session, also in the hand-written SQL. */
export const SESSION_LIFTS = 3;

export function userId(number: number): string {
  return numbered('0199eeee', number);
}

export function liftIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => numbered('0199bbbb', index + 1));
}

export function progressionIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => numbered('0199dddd', index + 1));
}

function numbered(prefix: string, number: number): string {
  return `${prefix}-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

/**
 * Inserts athletes 1 to `users`, with a training max of each lift, ACTIVE on one program with a linear rule per lift.
 */
export async function fillDatabase(database: Database, users: number, lifts: number): Promise<void> {
  const [allLifts, allProgressions] = [liftIds(lifts), progressionIds(lifts)];
  await database.ensureAccount(ACCOUNT_ID);
  await asOwner(database, async (db) => {
    const run = (statement: ReturnType<typeof sql>) => statement.execute(db);
    await skipForeignKeys(db);
    const ids = sql`('0199eeee-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
    await run(sql`insert into lifts (account_id, id, slug, name)
      select ${ACCOUNT_ID}, id, 'lift-' || n, 'Lift ' || n from unnest(${allLifts}::uuid[]) with ordinality as l(id, n)`);
    await run(sql`insert into programs (account_id, id, slug, name, weeks_per_cycle, sessions_per_week)
      values (${ACCOUNT_ID}, ${PROGRAM_ID}, 'bench', 'Bench', 4, 3)`);
    await run(sql`insert into program_lifts (account_id, program_id, lift_id, position)
      select ${ACCOUNT_ID}, ${PROGRAM_ID}, id, n from unnest(${allLifts}::uuid[]) with ordinality as l(id, n)`);
    const parameters = { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '2.5' };
    await run(sql`insert into progressions (account_id, id, name, type, parameters)
      select ${ACCOUNT_ID}, id, 'Linear', 'LINEAR_PROGRESSION', ${JSON.stringify(parameters)}::jsonb
      from unnest(${allProgressions}::uuid[]) as p(id)`);
    await run(sql`insert into program_progressions (account_id, id, program_id, progression_id, lift_id, priority)
      select ${ACCOUNT_ID}, gen_random_uuid(), ${PROGRAM_ID}, p, l, 1
      from unnest(${allProgressions}::uuid[], ${allLifts}::uuid[]) as r(p, l)`);
    await run(sql`insert into users (account_id, id, name)
      select ${ACCOUNT_ID}, ${ids}, 'Athlete ' || n from generate_series(1, ${users}::int) n`);
    await run(sql`insert into enrollments (account_id, id, user_id, program_id, status)
      select ${ACCOUNT_ID}, gen_random_uuid(), ${ids}, ${PROGRAM_ID}, 'ACTIVE' from generate_series(1, ${users}::int) n`);
    await run(sql`insert into lift_maxes
      (account_id, id, user_id, lift_id, max_type, version, value, source, effective_at)
      select ${ACCOUNT_ID}, gen_random_uuid(), ${ids}, l, 'TRAINING_MAX', 1, 100, 'MANUAL', now()
      from generate_series(1, ${users}::int) n, unnest(${allLifts}::uuid[]) as t(l)`);
  });
  await asOwner(database, async (db) => {
    const run = (statement: ReturnType<typeof sql>) => statement.execute(db);
    await run(sql`create table bench_lifts as
      select * from unnest(${allLifts}::uuid[], ${allProgressions}::uuid[]) as b(lift_id, progression_id)`);
    await run(sql`create function bench_account() returns uuid immutable language sql
      return ${sql.lit(ACCOUNT_ID)}::uuid`);
    await run(sql`create function bench_user(n int) returns uuid immutable language sql
      return ('0199eeee-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`);
    await run(sql`create function bench_event(n bigint) returns uuid immutable language sql
      return lpad(to_hex(n), 32, '0')::uuid`);
    const { rows } = await sql<{ has_uuidv7: boolean }>`
      select exists (select from pg_proc where proname = 'uuidv7') as has_uuidv7`.execute(db);
    const newId = sql.raw(rows[0]?.has_uuidv7 ? 'uuidv7()' : 'gen_random_uuid()');
    await run(sql`create function bench_uuid() returns uuid volatile language sql return ${newId}`);
  });
}

/** Turns foreign keys off: the referenced rows exist, and checking them for every row would take most of the time. */
export async function skipForeignKeys(db: Kysely<unknown>): Promise<void> {
  await sql`set local session_replication_role = replica`.execute(db);
}

/** In a transaction, as the owner, because the application role cannot create tables. */
export function asOwner(
  database: Database,
  work: (db: Kysely<unknown>) => Promise<unknown>,
): Promise<unknown> {
  return database.orm.em.fork().transactional((em) => work(em.getKysely() as Kysely<unknown>));
}
