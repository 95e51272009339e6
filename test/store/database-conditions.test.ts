/**
 * Conditions of the database that no call causes: writes are refused with RetryInfo, never as a defect; the health says
 * NOT_SERVING where they cannot succeed; and all is as before within 5 s when the condition has passed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { DEMO_ACCOUNT_ID, readConfig } from '../../src/config/config.ts';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../src/gen/health/v1/health_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { createLogger } from '../../src/server/logger.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { failureOf } from '../server/test-server.ts';
import { startTcpPostgres, type TcpPostgres } from '../support/tcp-postgres.ts';

const CONNECTIONS = 4;
const LOGINS_END = `select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'service'`;
const RELOAD = 'select pg_reload_conf()';

let server: TcpPostgres;
beforeAll(async () => {
  server = await startTcpPostgres();
  await prepare(server, 'service');
});
afterAll(() => server?.stop());

/** Makes a database with the schema, and the user `service`, who owns nothing. */
async function prepare({ port, run }: TcpPostgres, name: string, tablespace = 'pg_default'): Promise<void> {
  await run(`create database ${name} tablespace ${tablespace}`);
  const owner = open(`postgres://postgres@127.0.0.1:${port}/${name}`);
  await migrate(owner).finally(() => owner.close());
  await run(
    `do $$ begin
      create role service login in role progression_app, progression_worker;
    exception when duplicate_object then null; end $$`,
  );
}

function open(url: string): Database {
  return openDatabase(url, { connections: CONNECTIONS, connectionWaitMs: 1_000 });
}

interface Service {
  readonly database: Database;
  readonly users: Client<typeof UserService>;
  status(): Promise<ServingStatus>;
  /** Creates an athlete: undefined, or how it failed. */
  write(): Promise<Awaited<ReturnType<typeof failureOf>> | undefined>;
}

/** The service on a database, ready; closed after the test. */
async function serve(url: string): Promise<Service> {
  const config = readConfig({ PORT: '0', DATABASE_URL: url, AUTOMATION_WORKERS: 'off' });
  const database = open(url);
  const running = await startService(config, database, createLogger('silent'));
  onTestFinished(async () => {
    await running.close();
    await database.close();
  });
  const transport = createGrpcTransport({ baseUrl: running.url });
  const users = createClient(UserService, transport);
  const health = createClient(Health, transport);
  const service: Service = {
    database,
    users,
    status: async () => (await health.check({})).status,
    async write() {
      const call = users.createUser({ name: 'Athlete' }, { headers: { 'idempotency-key': uuidv7() } });
      const isDone = await call.then(
        () => true,
        () => false,
      );
      return isDone ? undefined : failureOf(call);
    },
  };
  expect(await service.write()).toBeUndefined();
  await expect.poll(service.status).toBe(ServingStatus.SERVING);
  return service;
}

/** The condition holds between `begin` and `end`. */
async function expectRefusedMeanwhile(
  { write, status }: Service,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<void> {
  await begin();
  try {
    // On a full disk, pages that have room still take rows, and PostgreSQL frees some: writes go on meanwhile.
    await expect
      .poll(write, { message: 'a write is refused' })
      .toMatchObject({ reason: 'DATABASE_UNAVAILABLE', retryDelay: { seconds: 1n } });
    const statusAfterWrite = async () => {
      await write();
      return status();
    };
    await expect.poll(statusAfterWrite, { message: 'not ready' }).toBe(ServingStatus.NOT_SERVING);
  } finally {
    await end();
  }
  await expect
    .poll(async () => [await status(), await write()], { timeout: 5_000, message: 'back within 5 s' })
    .toEqual([ServingStatus.SERVING, undefined]);
}

describe('writes are refused, and the process is not ready, while the server', () => {
  test.each([
    [
      'is read-only',
      ['alter system set default_transaction_read_only = on', RELOAD],
      ['set default_transaction_read_only = off', 'alter system reset default_transaction_read_only', RELOAD],
    ],
    ['refuses the login', ['alter role service nologin', LOGINS_END], ['alter role service login']],
    [
      'has no connection left',
      ['alter role service connection limit 0', LOGINS_END],
      ['alter role service connection limit -1'],
    ],
    [
      'takes no connections to the database',
      ['alter database service allow_connections = false', LOGINS_END],
      ['alter database service allow_connections = true'],
    ],
  ])('%s', async (_, begin, end) => {
    const service = await serve(`postgres://service@127.0.0.1:${server.port}/service`);
    await expectRefusedMeanwhile(
      service,
      () => server.run(...begin),
      () => server.run(...end),
    );
  });

  const lacksDisk = !canMount();
  test.skipIf(lacksDisk)(
    `has no disk left${lacksDisk ? ' (skipped: this process may not mount a small disk)' : ''}`,
    async () => {
      const disk = mountSmallDisk();
      const ballast = join(disk, 'ballast');
      await server.run(`create tablespace small location '${disk}'`);
      await prepare(server, 'small', 'small');
      const service = await serve(`postgres://service@127.0.0.1:${server.port}/small`);
      await expectRefusedMeanwhile(
        service,
        async () => fill(ballast),
        async () => rmSync(ballast),
      );
    },
  );
});

function canMount(): boolean {
  if (process.getuid?.() !== 0) {
    return false;
  }
  const { directory, status } = mount();
  unmount(directory, status);
  return status === 0;
}

/** A disk of 64 MiB that PostgreSQL may use; gone after the test. */
function mountSmallDisk(): string {
  const { directory, status } = mount();
  onTestFinished(() => unmount(directory, status));
  expect(status).toBe(0);
  execFileSync('chown', ['postgres:postgres', directory]);
  return directory;
}

function mount() {
  const directory = mkdtempSync(join(tmpdir(), 'progression-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory]);
  return { directory, status };
}

function unmount(directory: string, status: number | null): void {
  if (status === 0) {
    execFileSync('umount', ['--lazy', directory]);
  }
  rmSync(directory, { recursive: true });
}

/** Writes a file until nothing more fits on its disk. */
function fill(path: string): void {
  try {
    for (;;) {
      writeFileSync(path, Buffer.alloc(4096), { flag: 'a' });
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
}

test('a server that takes no writes is left by every connection, for one that does', async () => {
  const [first, second] = await Promise.all([startTcpPostgres(), startTcpPostgres()]);
  onTestFinished(async () => {
    await Promise.all([first.stop(), second.stop()]);
  });
  await prepare(first, 'service');
  await prepare(second, 'service');
  // The second one follows no other server, so it has no account of the first one's.
  const other = open(`postgres://postgres@127.0.0.1:${second.port}/service`);
  await other.ensureAccount(DEMO_ACCOUNT_ID).finally(() => other.close());
  const hosts = `127.0.0.1:${first.port},127.0.0.1:${second.port}`;
  const { database, users, write } = await serve(
    `postgres://service@${hosts}/service?target_session_attrs=read-write`,
  );
  await Promise.all(Array.from({ length: CONNECTIONS }, () => users.listUsers({})));
  expect(database.poolUse().idle).toBeGreaterThan(1);

  await first.run('alter system set default_transaction_read_only = on', RELOAD);

  const reasons: unknown[] = [];
  for (let calls = 0; calls < 20; calls += 1) {
    reasons.push((await write())?.reason);
    await delay(20);
  }
  const failed = reasons.filter((reason) => reason !== undefined);
  expect(failed.filter((reason) => reason !== 'DATABASE_UNAVAILABLE')).toEqual([]);
  expect(failed.length, `${reasons}`).toBeLessThan(3);
  expect(reasons.slice(-10)).toEqual(Array.from({ length: 10 }));
  const { rows } = await database.transaction(DEMO_ACCOUNT_ID, (tx) =>
    sql<{ port: number }>`select inet_server_port() as port`.execute(tx.sql),
  );
  expect(rows).toEqual([{ port: second.port }]);
});

describe('a transaction that the server ends because of', () => {
  test.each([
    ['its idle time', 'idle_in_transaction_session_timeout'],
    ['its age', 'transaction_timeout'],
  ])('%s is a database that is not available', async (_, setting) => {
    const { database } = await serve(`postgres://service@127.0.0.1:${server.port}/service`);
    const work = database.transaction(DEMO_ACCOUNT_ID, async (tx) => {
      await sql.raw(`set local ${setting} = 50`).execute(tx.sql);
      await delay(300);
      await sql`select 1`.execute(tx.sql);
    });
    await expect(work).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  });
});

test('connections that the server ends because they are idle fail no call as a defect', async () => {
  await server.run('alter role service set idle_session_timeout = 100', LOGINS_END);
  onTestFinished(() => server.run('alter role service reset idle_session_timeout'));
  const { write } = await serve(`postgres://service@127.0.0.1:${server.port}/service`);
  for (const pauseMs of [60, 90, 100, 101, 102, 105, 110, 150, 300]) {
    await delay(pauseMs);
    const reason = (await write())?.reason;
    expect([undefined, 'DATABASE_UNAVAILABLE'], `after ${pauseMs} ms`).toContain(reason);
  }
});
