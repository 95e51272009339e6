/** Several hosts in one URL, and target_session_attrs: which server is connected to, and the error when none is. */
import { createServer, type Server, type Socket } from 'node:net';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { translateDatabaseError } from '../../../src/store/database-error.ts';
import { runCommand } from '../../support/service-process.ts';
import { startTcpPostgres, type TcpPostgres } from '../../support/tcp-postgres.ts';
import { readRows } from '../schema-dump.ts';

/** Nothing listens there. */
const DOWN = '127.0.0.1:1';

let primary: TcpPostgres;
/** Takes no writes in its database `kept`. */
let standby: TcpPostgres;
beforeAll(async () => {
  const second = await startTcpPostgres();
  await second.run('create database kept', 'create role restless login');
  [primary, standby] = await Promise.all([startTcpPostgres(), second.becomeStandby()]);
  await primary.run(
    'create database kept',
    'alter database kept set default_transaction_read_only = on',
    `create role guarded login password 'open sesame'`,
  );
});
afterAll(() => Promise.all([primary?.stop(), standby?.stop()]));

const at = ({ port }: TcpPostgres) => `127.0.0.1:${port}`;

async function withDatabase<T>(
  url: string,
  work: (database: Database) => Promise<T>,
  connectionWaitMs = 10_000,
): Promise<T> {
  const database = openDatabase(url, { connections: 1, connectionWaitMs });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** The port of the server that was connected to. */
async function portAt(hosts: readonly string[], query = '', name = 'postgres'): Promise<number | undefined> {
  return withDatabase(`postgres://postgres@${hosts.join(',')}/${name}?${query}`, async (database) => {
    const [row] = await readRows<{ port: number }>(database, sql`select inet_server_port() as port`);
    return row?.port;
  });
}

describe('of several hosts', () => {
  test('the first one that answers is connected to', async () => {
    expect(await portAt([DOWN, at(primary), at(standby)])).toBe(primary.port);
    expect(await portAt([at(standby), at(primary)])).toBe(standby.port);
    expect(await portAt(['no-such-host.invalid', at(primary)])).toBe(primary.port);
  });

  test.each([
    ['any', 'standby', 'standby'],
    ['read-write', 'standby', 'primary'],
    ['primary', 'standby', 'primary'],
    ['standby', 'primary', 'standby'],
    ['read-only', 'primary', 'standby'],
    ['prefer-standby', 'primary', 'standby'],
  ])(
    'with target_session_attrs=%s, the %s before the other one, it is the %s',
    async (attributes, first, found) => {
      const servers = first === 'primary' ? [primary, standby] : [standby, primary];

      expect(await portAt(servers.map(at), `target_session_attrs=${attributes}`)).toBe(
        (found === 'primary' ? primary : standby).port,
      );
    },
  );

  test('prefer-standby takes any other server when there is no standby', async () => {
    expect(await portAt([DOWN, at(primary)], 'target_session_attrs=prefer-standby')).toBe(primary.port);
  });

  test('a primary whose database takes no writes is read-only, and a primary', async () => {
    const hosts = [at(primary)];

    expect(await portAt(hosts, 'target_session_attrs=read-only', 'kept')).toBe(primary.port);
    expect(await portAt(hosts, 'target_session_attrs=primary', 'kept')).toBe(primary.port);
    await expect(portAt(hosts, 'target_session_attrs=read-write', 'kept')).rejects.toThrow(
      new RegExp(`^${at(primary)} is read-only$`),
    );
  });

  test('the reason of each server is given in one line when none can be used', async () => {
    const hosts = [DOWN, at(standby)];

    await expect(portAt(hosts, 'target_session_attrs=primary')).rejects.toThrow(
      new RegExp(`^${DOWN}: connect ECONNREFUSED ${DOWN}; ${at(standby)} is a standby$`),
    );
  });

  test('the service does not start on a standby, and says so in one line', async () => {
    const url = `postgres://postgres@${at(standby)}/postgres`;

    expect(await runCommand(['serve'], { DATABASE_URL: url })).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        `the database at ${at(standby)}/postgres is read-only: the server is a standby; ` +
        'name its primary, or all of its servers and target_session_attrs=read-write\n',
    });
  });

  test('no other server is tried when one refuses the login', async () => {
    const url = `postgres://unknown@${at(primary)},${at(standby)}/postgres`;

    await expect(withDatabase(url, (database) => readRows(database, sql`select`))).rejects.toThrow(
      /^role "unknown" does not exist$/,
    );
  });

  test('a server that does not answer is given up after its share of the time', async () => {
    const sockets = new Set<Socket>();
    const silent: Server = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const url = `postgres://postgres@127.0.0.1:${port},${at(primary)}/postgres`;
    const ask = (database: Database) => readRows(database, sql`select inet_server_port() as port`);

    expect(await withDatabase(url, ask, 4_000)).toEqual([{ port: primary.port }]);
    expect(await withDatabase(`${url}?connect_timeout=1`, ask)).toEqual([{ port: primary.port }]);
    await expect(withDatabase(`postgres://postgres@127.0.0.1:${port}/postgres`, ask, 300)).rejects.toThrow(
      /^no answer within 300 ms$/,
    );
    for (const socket of sockets) {
      socket.destroy();
    }
    await new Promise((resolve) => silent.close(resolve));
  });
});

test('a pool moves from a server that no longer takes writes to one that does', async () => {
  const first = await startTcpPostgres();
  for (const server of [first, primary]) {
    await server.run('create table notes (port int)');
  }
  const url = `postgres://postgres@${at(first)},${at(primary)}/postgres?target_session_attrs=read-write`;
  await withDatabase(url, async (database) => {
    const write = () =>
      database.orm.em.fork().transactional(async (em) => {
        const { rows } = await sql<{ port: number }>`
          insert into notes values (inet_server_port()) returning port`.execute(
          (em as EntityManager).getKysely(),
        );
        return rows[0]?.port;
      });
    expect(await write()).toBe(first.port);

    await first.run('alter system set default_transaction_read_only = on', 'select pg_reload_conf()');

    const refusals: unknown[] = [];
    const writeAgain = () => write().catch((error: unknown) => refusals.push(translateDatabaseError(error)));
    await expect.poll(writeAgain).toBe(primary.port);
    expect(refusals).toEqual([expect.objectContaining({ reason: 'DATABASE_UNAVAILABLE' })]);
  });
  await first.stop();
});
