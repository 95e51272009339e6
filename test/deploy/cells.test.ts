/** The gateway of deploy/cells leads each account to its cell, over every protocol, and says so when it cannot. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { readRows } from '../store/schema-dump.ts';
import { HAS_NGINX } from '../support/commands.ts';
import { freePort } from '../support/redis-server.ts';
import { type ServiceProcess, startCommand, urlIn } from '../support/service-process.ts';
import { useTestDatabase } from '../support/test-database.ts';

const CELLS = join(import.meta.dirname, '..', '..', 'deploy', 'cells');
const START_MS = 60_000;
/** Listed in the map; others are in the other cell. */
const IN_A = uuidv7();
const IN_B = uuidv7();

describe.skipIf(!HAS_NGINX)('the gateway of nginx', () => {
  const [a, b] = [useTestDatabase(), useTestDatabase()];
  let directory: string;
  let gateway: ChildProcess;
  let services: ServiceProcess[];
  let ports: { readonly grpc: number; readonly http: number };
  beforeAll(async () => {
    // The first cell has two processes on its database.
    services = [a, a, b].map(({ url }) => startCommand(['serve'], { DATABASE_URL: url }));
    const hosts = await Promise.all(
      services.map(async ({ firstLine }) => new URL(urlIn(await firstLine)).host),
    );
    ports = { grpc: await freePort(), http: await freePort() };
    directory = mkdtempSync(join(tmpdir(), 'progression-cells-'));
    gateway = startGateway(directory, hosts, ports);
    await Promise.all([ports.grpc, ports.http].map(listens));
  }, START_MS);
  afterAll(async () => {
    gateway?.kill('SIGTERM');
    for (const { child, ended } of services ?? []) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  });

  const transportOf = (accountId: string | undefined) =>
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${ports.grpc}`, interceptors: [headersOf(accountId)] });
  const createUser = (accountId: string | undefined, name: string) =>
    createClient(UserService, transportOf(accountId)).createUser({ name });
  const usersIn = async ({ database }: typeof a) =>
    (
      await readRows<{ account_id: string; name: string }>(
        database,
        sql`select account_id, name from users where account_id in (${IN_A}, ${IN_B}) order by name`,
      )
    ).map(({ account_id, name }) => [account_id, name]);

  test('leads calls of gRPC and of JSON to the cell of their account, and of new accounts to the default', async () => {
    await Promise.all([
      createUser(IN_A, 'Ana'),
      createUser(IN_A.toUpperCase(), 'Bea'),
      createUser(IN_B, 'Cyd'),
    ]);
    const answer = await callByJson({ 'x-account-id': IN_A });

    expect(await usersIn(a)).toEqual([
      [IN_A, 'Ana'],
      [IN_A, 'Bea'],
    ]);
    expect(await usersIn(b)).toEqual([[IN_B, 'Cyd']]);
    expect(answer).toMatchObject({ status: 200, body: { totalSize: 2 } });
  });

  test('streams the events of an account', async () => {
    const leaving = new AbortController();
    const events = createClient(EventService, transportOf(IN_B));
    await createUser(IN_B, 'Dan');
    const types: string[] = [];
    try {
      for await (const { event } of events.watchEvents({ fromBeginning: true }, { signal: leaving.signal })) {
        if (event) {
          types.push(event.type);
          leaving.abort();
        }
      }
    } catch (error) {
      expect(ConnectError.from(error).code).toBe(Code.Canceled);
    }
    expect(types).toEqual(['contact_created']);
  });

  test('refuses a call that names no account, over both protocols', async () => {
    await expect(createUser(undefined, 'Eve')).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: 'x-account-id must name the account',
    });
    expect(await callByJson({})).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
  });

  test('goes on with the other process of a cell, and with the other cells, when one is away', async () => {
    for (const index of [0, 2]) {
      services[index]?.child.kill('SIGKILL');
      await services[index]?.ended;
    }

    await expect(createUser(IN_B, 'Fay')).rejects.toMatchObject({ code: Code.Unavailable });
    expect((await createUser(IN_A, 'Gil')).user?.name).toBe('Gil');
  });

  async function callByJson(headers: Record<string, string>) {
    const response = await fetch(`http://127.0.0.1:${ports.http}/progression.v1.UserService/ListUsers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
    return { status: response.status, body: await response.json() };
  }
});

function headersOf(accountId: string | undefined): Interceptor {
  return (next) => (request) => {
    request.header.set('idempotency-key', uuidv7());
    if (accountId !== undefined) {
      request.header.set('x-account-id', accountId);
    }
    return next(request);
  };
}

/** The files as they are, with addresses of the test in place of their own. */
function startGateway(
  directory: string,
  [firstOfA = '', secondOfA = '', ofB = '']: readonly string[],
  ports: { readonly grpc: number; readonly http: number },
): ChildProcess {
  const addresses: Record<string, string> = {
    'cell-a-1:8080': firstOfA,
    'cell-a-2:8080': secondOfA,
    'cell-b-1:8080': ofB,
    'listen 8080': `listen 127.0.0.1:${ports.grpc}`,
    'listen 8081': `listen 127.0.0.1:${ports.http}`,
  };
  let text = readFileSync(join(CELLS, 'nginx.conf'), 'utf8');
  for (const [from, to] of Object.entries(addresses)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  mkdirSync(join(directory, 'logs'));
  writeFileSync(join(directory, 'nginx.conf'), text);
  writeFileSync(join(directory, 'cells.map'), `${IN_A} cell_a;\n`);
  const own = `daemon off; pid ${join(directory, 'pid')}; error_log ${join(directory, 'logs', 'error.log')};`;
  return spawn('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf'), '-g', own], {
    stdio: 'ignore',
  });
}

async function listens(port: number): Promise<void> {
  const giveUpAtMs = performance.now() + START_MS;
  while (performance.now() < giveUpAtMs) {
    const socket = connect(port, '127.0.0.1');
    const [isOpen] = await Promise.race([
      once(socket, 'connect').then(() => [true]),
      once(socket, 'error').then(() => [false]),
    ]).catch(() => [false]);
    socket.destroy();
    if (isOpen) {
      return;
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}
