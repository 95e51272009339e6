/** The process: its starts, stops and errors, as an operator sees them. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIGRATION_LOCK } from '../src/store/migrate.ts';
import { MIGRATIONS } from '../src/store/migrations.ts';
import { readRows } from './store/schema-dump.ts';
import { runCommand, type ServiceProcess, startCommand, startNpm, urlIn } from './support/service-process.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './support/test-database.ts';

const NAMES = MIGRATIONS.map(({ name }) => name);

let running: ServiceProcess[];
let databases: TestDatabase[];
beforeEach(() => {
  running = [];
  databases = [];
});
afterEach(async () => {
  for (const service of running) {
    service.child.kill('SIGKILL');
    await service.ended;
  }
  await Promise.all(databases.map((each) => each.close()));
});

async function newDatabase(create = createTestDatabase): Promise<TestDatabase> {
  const each = await create();
  databases.push(each);
  return each;
}

async function serve(environment: Record<string, string>): Promise<ServiceProcess & { url: string }> {
  const service = startCommand(['serve'], environment);
  running.push(service);
  const line = await Promise.race([service.firstLine, service.ended.then(({ stderr }) => stderr)]);
  return { ...service, url: urlIn(line) };
}

function call(url: string): Promise<Response> {
  return fetch(`${url}/progression.v1.UserService/ListUsers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
}

/** Whether a server still accepts connections. Makes no call, because a draining server would wait for it. */
async function connection(url: string): Promise<'taken' | 'refused'> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return 'taken';
  } catch {
    return 'refused';
  } finally {
    socket.destroy();
  }
}

describe('serve', () => {
  test('prints one line with a sample call, and that call works', async () => {
    const { url } = await newDatabase();
    const service = await serve({ DATABASE_URL: url });
    const line = await service.firstLine;

    const pasted = / try: curl -s -H 'content-type: application\/json' -d '{}' (\S+)$/.exec(line)?.[1];
    const answer = await fetch(`${pasted}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    service.child.kill('SIGTERM');

    expect(await answer.json()).toMatchObject({ users: expect.arrayContaining([expect.anything()]) });
    expect(await service.ended).toEqual({ code: 0, signal: null, stdout: `${line}\n`, stderr: '' });
  });

  test('a second start on the same database serves the same data', async () => {
    const { url } = await newDatabase();
    const first = await serve({ DATABASE_URL: url });
    const before = await (await call(first.url)).json();
    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(0);

    const second = await serve({ DATABASE_URL: url });

    expect(await (await call(second.url)).json()).toEqual(before);
  });

  test('two servers can start on one empty database at the same time', async () => {
    const { url } = await newDatabase(createEmptyDatabase);

    const services = await Promise.all([serve({ DATABASE_URL: url }), serve({ DATABASE_URL: url })]);

    expect(await Promise.all(services.map(async (each) => (await call(each.url)).status))).toEqual([
      200, 200,
    ]);
  });

  test('npm start drains as well when npm receives the signal', async () => {
    const { url } = await newDatabase();
    const npm = startNpm({ DATABASE_URL: url });
    running.push(npm);
    const service = urlIn(await npm.firstLine);
    expect((await call(service)).status).toBe(200);

    npm.child.kill('SIGTERM');

    expect((await npm.ended).code).toBe(0);
    await expect(call(service)).rejects.toThrow();
  });

  describe('a service that is stopped while a call is running', () => {
    let service: ServiceProcess & { url: string };
    let answer: Promise<Response>;
    let release: () => void;
    let holder: Promise<unknown>;

    beforeEach(async () => {
      const { database, url } = await newDatabase();
      service = await serve({ DATABASE_URL: url });
      const held = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      release = released.resolve;
      holder = database.transaction('', async (tx) => {
        await sql`lock table users in access exclusive mode`.execute(tx.sql);
        held.resolve();
        await released.promise;
      });
      await held.promise;
      answer = call(service.url);
      answer.catch(() => undefined);
      const waiting = sql`select from pg_locks where not granted`;
      await expect.poll(async () => (await readRows(database, waiting)).length).toBe(1);
    });
    afterEach(async () => {
      release();
      await holder;
    });

    test('answers that call first, and then ends', async () => {
      service.child.kill('SIGTERM');
      await expect.poll(() => connection(service.url)).toBe('refused');
      expect(service.child.exitCode).toBeNull();

      release();

      expect((await answer).status).toBe(200);
      expect(await service.ended).toMatchObject({ code: 0, stderr: '' });
    });

    test('ends also when a statement hangs in the database', async () => {
      service.child.kill('SIGTERM');

      expect((await service.ended).code).toBe(0);
    });

    test('ends at once at a second signal, unless both come from one keystroke', async () => {
      const firstAtMs = performance.now();
      const signalAgain = () => {
        service.child.kill('SIGINT');
        return service.child.exitCode;
      };

      await expect.poll(signalAgain).toBe(130);

      expect(performance.now() - firstAtMs).toBeGreaterThan(500);
    });
  });
});

describe('serve with the embedded PostgreSQL', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'progression-main-'));
  });
  afterEach(async () => {
    for (const service of running) {
      service.child.kill('SIGTERM');
      await service.ended;
    }
    await rm(dataDir, { recursive: true, force: true });
  });

  const environment = () => ({ DATABASE_URL: '', DATA_DIR: dataDir });
  const pidFile = () => join(dataDir, 'postgres', 'postmaster.pid');

  test('SIGTERM stops PostgreSQL too, and a killed server leaves nothing that blocks the next start', async () => {
    const first = await serve(environment());
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(pidFile())).toBe(false);

    const second = await serve(environment());
    const users = await (await call(second.url)).json();
    second.child.kill('SIGKILL');
    await second.ended;

    const third = await serve(environment());
    expect(await (await call(third.url)).json()).toEqual(users);
  });

  test('a data directory in use is refused in one line', async () => {
    const first = await serve(environment());

    expect(await runCommand(['serve'], environment())).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(/^the data directory \S+ is in use by process \d+;[^\n]*\n$/),
    });
    expect((await call(first.url)).status).toBe(200);
  });

  test('when PostgreSQL dies the service ends as well, and says why', async () => {
    const service = await serve(environment());

    process.kill(Number.parseInt(await readFile(pidFile(), 'utf8'), 10), 'SIGKILL');

    expect(await service.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^the embedded PostgreSQL ended by itself: [^\n]*\n$/),
    });
  });
});

describe('an error that an operator can correct is reported in one line', () => {
  test.each([
    [
      'an unreachable database',
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/mine' },
      'cannot use the database at 127.0.0.1:1/mine: connect ECONNREFUSED 127.0.0.1:1',
    ],
    [
      'an address that is none',
      { DATABASE_URL: 'my-database' },
      'DATABASE_URL must look like postgres://user:password@host:5432/database',
    ],
    [
      'a parameter of the address that is not supported',
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/mine?sslmode=on' },
      'DATABASE_URL: sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full, not "on"',
    ],
    [
      "a certificate of the owner's address that is missing",
      {
        DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/mine',
        MIGRATION_DATABASE_URL: 'postgres://owner@127.0.0.1:1/mine?sslmode=verify-full&sslrootcert=/none.crt',
      },
      'MIGRATION_DATABASE_URL: sslrootcert /none.crt cannot be read: ENOENT',
    ],
    [
      'several servers of which none can be reached',
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1,127.0.0.1:2/mine' },
      'cannot use the database at 127.0.0.1:1,127.0.0.1:2/mine: ' +
        '127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; 127.0.0.1:2: connect ECONNREFUSED 127.0.0.1:2',
    ],
    [
      'an owner of a database that is not named',
      { DATABASE_URL: '', MIGRATION_DATABASE_URL: 'postgres://owner@127.0.0.1/mine' },
      'MIGRATION_DATABASE_URL goes with a DATABASE_URL; both name the same database',
    ],
    [
      'a switch that is neither on nor off',
      { PREPARED_STATEMENTS: 'maybe' },
      'PREPARED_STATEMENTS must be one of on, off, not "maybe"',
    ],
    ['a port that is none', { PORT: 'http' }, 'PORT must be a whole number from 0 to 65535, not "http"'],
    ['a log level that is none', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of [a-z, ]+, not "loud"\n$/],
  ])('%s', async (_, environment, message) => {
    const { code, stdout, stderr } = await runCommand(['serve'], environment);

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(typeof message === 'string' ? `${message}\n` : message);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test('a database that does not exist', async () => {
    const { url } = await newDatabase();

    expect(await runCommand(['serve'], { DATABASE_URL: `${url}_not` })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^cannot use the database at \S+: database "\w+_not" does not exist\n$/),
    });
  });

  test('a database that goes away', async () => {
    const { database, url } = await newDatabase(createEmptyDatabase);
    const held = Promise.withResolvers<void>();
    const holder = database.orm.em.fork().transactional(async (em) => {
      await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute((em as EntityManager).getKysely());
      await held.promise;
    });
    const migration = runCommand(['migrate', 'up'], { DATABASE_URL: url });

    const terminate = sql`
      select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
      where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`;
    await expect.poll(async () => (await readRows(database, terminate)).length).toBe(1);

    expect(await migration).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^the database is not available: [^\n]+\n$/),
    });
    held.resolve();
    await holder;
  });

  test('a taken port', async () => {
    const { url } = await newDatabase();
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });

    expect(await runCommand(['serve'], { DATABASE_URL: url, PORT: `${port}` })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^port ${port} on 127.0.0.1 is taken[^\n]*\n$`)),
    });
    taken.close();
  });

  test.each(['serve', 'migrate', 'seed'])('a schema that is newer than the code, by %s', async (command) => {
    const { database, url } = await newDatabase();
    await readRows(database, sql`insert into mikro_orm_migrations (name) values ('999-from-the-future')`);

    expect(await runCommand([command], { DATABASE_URL: url })).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'the schema is newer than this code: the database has 999-from-the-future; start a newer version\n',
    });
  });
});

describe('migrate', () => {
  test('of two processes at the same time one applies everything, and the other finds nothing to do', async () => {
    const { url } = await newDatabase(createEmptyDatabase);

    const ends = await Promise.all([1, 2].map(() => runCommand(['migrate', 'up'], { DATABASE_URL: url })));

    const applied = NAMES.map((name) => `applied ${name}\n`).join('');
    expect(ends.map(({ stdout }) => stdout).toSorted()).toEqual([applied, 'nothing to do\n']);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
  });

  test('reports the state of the schema, and reverts the latest migration', async () => {
    const { url } = await newDatabase();
    const latest = NAMES.at(-1);

    expect((await runCommand(['migrate', 'down'], { DATABASE_URL: url })).stdout).toBe(
      `took back ${latest}\n`,
    );

    const { stdout } = await runCommand(['migrate', 'status'], { DATABASE_URL: url });
    expect(stdout).toContain(`pending ${latest}\n`);
  });

  test('check fails unless every migration is applied', async () => {
    const { database, url } = await newDatabase();
    const check = () => runCommand(['migrate', 'check'], { DATABASE_URL: url });

    expect(await check()).toMatchObject({ code: 0, stdout: 'every migration is applied\n' });
    await runCommand(['migrate', 'down'], { DATABASE_URL: url });
    expect(await check()).toMatchObject({
      code: 1,
      stderr: `the schema lacks ${NAMES.at(-1)}; run migrate up\n`,
    });
    await readRows(database, sql`insert into mikro_orm_migrations (name) values ('999-from-the-future')`);
    expect(await check()).toMatchObject({ code: 1, stderr: expect.stringContaining('999-from-the-future') });
  });

  test('refuses another direction', async () => {
    expect(await runCommand(['migrate', 'sideways'])).toMatchObject({
      code: 1,
      stderr: 'migrate takes up, down, status, check, not "sideways"\n',
    });
  });
});

test('seed fills an empty database, and a second time changes nothing', async () => {
  const { database, url } = await newDatabase(createEmptyDatabase);
  const count = async () =>
    readRows(
      database,
      sql`select (select count(*) from programs) as programs, (select count(*) from users) as users`,
    );

  expect((await runCommand(['seed'], { DATABASE_URL: url })).code).toBe(0);
  const first = await count();
  expect((await runCommand(['seed'], { DATABASE_URL: url })).code).toBe(0);

  expect(first).not.toEqual([{ programs: 0, users: 0 }]);
  expect(await count()).toEqual(first);
});

test('seed needs the roles that serving needs, and says so in one line', async () => {
  const { url, database } = await newDatabase(createEmptyDatabase);
  const login = `seeding_${new URL(url).pathname.slice(1)}`;
  expect((await runCommand(['migrate'], { DATABASE_URL: url })).code).toBe(0);
  await readRows(database, sql`create role ${sql.ref(login)} login password 'seeding'`);
  await readRows(database, sql`grant select on mikro_orm_migrations to ${sql.ref(login)}`);
  const as = new URL(url);
  as.username = login;
  as.password = 'seeding';

  const { code, stdout, stderr } = await runCommand(['seed'], { DATABASE_URL: as.href });

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^the database's user cannot take the role progression_app: [^\n]*\n$/);
  await readRows(database, sql`drop owned by ${sql.ref(login)}`);
  await readRows(database, sql`drop role ${sql.ref(login)}`);
});

test('the service goes on when the reader of its output is gone', async () => {
  const { url } = await newDatabase();
  const port = await freePort();
  const service = startCommand(['serve'], { DATABASE_URL: url, PORT: `${port}`, LOG_LEVEL: 'info' });
  running.push(service);
  service.child.stdout?.destroy();
  service.child.stderr?.destroy();

  await expect
    .poll(
      () =>
        call(`http://127.0.0.1:${port}`).then(
          ({ status }) => status,
          () => 'away',
        ),
      { timeout: 60_000 },
    )
    .toBe(200);
  expect((await call(`http://127.0.0.1:${port}`)).status).toBe(200);
  expect(service.child.exitCode).toBeNull();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

describe('health', () => {
  test('succeeds while the service serves', async () => {
    const { url } = await newDatabase();
    const service = await serve({ DATABASE_URL: url });

    const { code, stderr } = await runCommand(['health'], { PORT: new URL(service.url).port });

    expect([code, stderr]).toEqual([0, '']);
  });

  test('fails in one line when there is no answer', async () => {
    expect(await runCommand(['health'], { PORT: '1' })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^no answer from http:\/\/127\.0\.0\.1:1: [^\n]*\n$/),
    });
  });
});

test('--help names every command', async () => {
  const { code, stdout, stderr } = await runCommand(['--help']);

  expect([code, stderr]).toEqual([0, '']);
  for (const command of ['serve', 'migrate', 'seed', 'archive', 'health', 'config', '--version']) {
    expect(stdout).toContain(`  ${command}`);
  }
});

test('an unknown command is refused', async () => {
  expect(await runCommand(['server'])).toMatchObject({ code: 2, stdout: '' });
});
