/** The owner that migrates and the login that serves: the rights of each, and the errors for an operator. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { requireConfinement } from '../../src/store/server-requirements.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { watch } from '../events/event-watcher.ts';
import { readRows } from '../store/schema-dump.ts';
import { createAutomationClient } from '../support/automation.ts';
import { type AdminConnection, openAdminConnection } from '../support/database-server.ts';
import { createEventSource } from '../support/event-source.ts';
import { createAthlete } from '../support/fixtures.ts';
import { createLogEvaluator } from '../support/log-evaluator.ts';
import { runCommand, type ServiceProcess, startCommand } from '../support/service-process.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/test-database.ts';

let admin: AdminConnection;
beforeAll(() => {
  admin = openAdminConnection(inject('serverUrl'));
});
afterAll(() => admin.close());

let db: TestDatabase;
let owner: string;
let server: string;
beforeEach(async () => {
  const suffix = uuidv7().replaceAll('-', '');
  [owner, server] = [`owner_${suffix}`, `server_${suffix}`];
  db = await createEmptyDatabase();
  await admin.run(`create role ${owner} login`);
  await admin.run(`create role ${server} login in role progression_app, progression_worker`);
  await admin.run(`alter database ${new URL(db.url).pathname.slice(1)} owner to ${owner}`);
});
afterEach(async () => {
  await db.close();
  await admin.run(`drop role ${owner}`);
  await admin.run(`drop role ${server}`);
});

function urlOf(role: string): string {
  const url = new URL(db.url);
  url.username = role;
  return url.href;
}

async function as<T>(
  role: string,
  work: (database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> {
  const database = openDatabase(urlOf(role), { connections: 2, connectionWaitMs: 10_000 });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

test('an owner that is not a superuser can migrate, and sees no row without an account either', async () => {
  await as(owner, migrate);
  await as(server, (database) => createAthlete(database, { lifts: { squat: '100' } }));

  expect(await as(owner, (database) => readRows(database, sql`select from users`))).toEqual([]);
  expect(await readRows(db.database, sql`select from users`)).toHaveLength(1);
});

test('the login of the service reads nothing outside of its transactions, and changes no schema', async () => {
  await as(owner, migrate);
  await as(server, async (database) => {
    await createAthlete(database, { lifts: { squat: '100' } });
    expect(await readRows(database, sql`select from users`)).toEqual([]);
    await expect(readRows(database, sql`create table mine ()`)).rejects.toThrow(/permission denied/);
    await expect(readRows(database, sql`alter table users no force row level security`)).rejects.toThrow(
      /owner/,
    );
    await expect(migrate(database)).resolves.toEqual([]);
    await expect(requireConfinement(database)).resolves.toBeUndefined();
  });
});

test('events of a dump that lie ahead of the cluster are reported, and shown again in order after migrate up', async () => {
  await as(owner, migrate);
  await as(server, async (database) => {
    const source = await createEventSource(database, 1);
    const evaluate = createLogEvaluator(database);
    const ids: string[] = [];
    for (let event = 0; event < 8; event += 1) {
      ids.push(...(await source.accept(0)));
      await evaluate(source.accountId, [await source.partitionOf(0)]);
    }
    await readRows(
      db.database,
      sql`update events set transaction_id = ((transaction_id::text)::bigint + 1000000000)::text::xid8
        where id = any(${ids.slice(3)}::uuid[]) returning id`,
    );
    const { events: client } = createAutomationClient(database, {
      accountId: source.accountId,
      clock: systemClock,
      limits: { watchPollMs: 10 },
    });
    const environment = { DATABASE_URL: urlOf(server), MIGRATION_DATABASE_URL: urlOf(owner) };
    const watcher = await watch(client, { fromBeginning: true });
    await expect.poll(() => watcher.events.map(({ id }) => id)).toEqual(ids.slice(0, 3));

    expect(await runCommand(['migrate', 'check'], environment)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^events of 1 account have transaction numbers that this cluster has not/,
      ),
    });
    expect(await runCommand(['migrate', 'up'], environment)).toMatchObject({
      code: 0,
      stdout: 'brought 5 restored events into the log again\n',
    });

    await expect.poll(() => watcher.events.map(({ id }) => id)).toEqual(ids);
    await watcher.leave();
    expect(await runCommand(['migrate', 'check'], environment)).toMatchObject({ code: 0 });
  });
});

test.each(['progression_app', 'progression_worker'])(
  'a login that may not take the role %s is refused with the reason',
  async (role) => {
    await as(owner, migrate);
    await admin.run(`revoke ${role} from ${server}`);

    await expect(as(server, requireConfinement)).rejects.toThrow(
      new RegExp(
        `^the database's user cannot take the role ${role}: permission denied [^\\n]*; grant ${role} to it$`,
      ),
    );
  },
);

test.each(['progression_app', 'progression_worker'])(
  'a role %s that owns something is refused',
  async (role) => {
    await as(owner, migrate);
    await readRows(db.database, sql`create table theirs ()`);
    await readRows(db.database, sql`alter table theirs owner to ${sql.ref(role)}`);

    await expect(as(server, requireConfinement)).rejects.toThrow(
      `the role ${role} owns tables or bypasses row-level security; it must do neither`,
    );
  },
);

describe('serve', () => {
  let service: ServiceProcess | undefined;
  afterEach(async () => {
    service?.child.kill('SIGTERM');
    await service?.ended;
    service = undefined;
  });

  test('migrates with the owner’s URL and serves with its own', async () => {
    service = startCommand(['serve'], { DATABASE_URL: urlOf(server), MIGRATION_DATABASE_URL: urlOf(owner) });

    expect(await service.firstLine).toMatch(/^ready on /);

    const users = await readRows<{ name: string }>(
      db.database,
      sql`select distinct usename as name from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and usename is not null`,
    );
    expect(users).toEqual([{ name: server }]);
    const owners = await readRows<{ name: string }>(
      db.database,
      sql`select distinct relowner::regrole::text as name from pg_class where relnamespace = 'public'::regnamespace`,
    );
    expect(owners).toEqual([{ name: owner }]);
  });

  test('without that URL, on a database without a schema, says how to migrate', async () => {
    expect(await runCommand(['serve'], { DATABASE_URL: urlOf(server) })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^the database's user may not change the schema \([^\n]*\); run migrate up as its owner, or set MIGRATION_DATABASE_URL\n$/,
      ),
    });
  });
});
