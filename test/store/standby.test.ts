/** Reads on a streaming standby: those that tolerate lag go there, while it is there and close enough behind. */
import { getOption } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { tolerates_lag as toleratesLag } from '../../src/gen/progression/v1/access_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { followStandby, type Standby } from '../../src/store/standby.ts';
import { createActiveWorkflow, createAutomationClient } from '../support/automation.ts';
import { present } from '../support/catalog-fixtures.ts';
import { type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';
import { runCommand } from '../support/service-process.ts';
import { readRows } from './schema-dump.ts';

const SERVICES = [
  ...[
    ProgressionService,
    ProgramService,
    UserService,
    AuditService,
    WorkflowService,
    TriggerService,
    EventService,
  ],
];
const TOLERANT = SERVICES.flatMap(({ methods }) => methods).filter((method) =>
  getOption(method, toleratesLag),
);

let servers: ReplicatedPostgres;
let primary: Database;
let standby: Standby;
let changes: [isUsed: boolean, reason?: string][];
beforeAll(async () => {
  servers = await startReplicatedPostgres();
  primary = open(servers.port);
  await migrate(primary);
});
beforeEach(async () => {
  await servers.catchUp();
  follow(servers.standbyPort);
  await isUsed();
});
afterEach(async () => {
  await standby?.close();
});
afterAll(async () => {
  await primary?.close();
  await servers?.stop();
});

const urlOf = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`;

function open(port: number): Database {
  return openDatabase(urlOf(port), { connections: 4, connectionWaitMs: 2_000 });
}

function follow(port: number, standbyLagMs = 5_000): void {
  changes = [];
  standby = followStandby({
    ...{ primary, standby: open(port), limits: { standbyLagMs, standbyPollMs: 50 } },
    onChange: (...change) => changes.push(change),
  });
}

const isUsed = () => expect.poll(() => changes.at(-1)?.[0], { timeout: 30_000 }).toBe(true);
const isLeft = () => expect.poll(() => changes.at(-1)?.[0], { timeout: 30_000 }).toBe(false);

/** What runs on the standby. */
function onStandby<T>(statement: ReturnType<typeof sql<T>>): Promise<T[]> {
  const database = open(servers.standbyPort);
  return readRows<T>(database, statement).finally(() => database.close());
}

test('only reads tolerate lag', () => {
  expect(TOLERANT.map(({ name }) => name).toSorted()).toEqual([
    ...[
      'GetTriggerStats',
      'GetUsage',
      'ListAuditEntries',
      'ListEvents',
      'ListLoggedSets',
      'ListProgressionLogs',
    ],
    ...['ListSessions', 'ListSetCorrections', 'ListTriggerExecutions'],
  ]);
  for (const { idempotency, methodKind } of TOLERANT) {
    expect([idempotency, methodKind]).toEqual([MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS, 'unary']);
  }
});

test('every read that tolerates lag is answered by the standby, and no other', async () => {
  const client = createAutomationClient(primary, { standby });
  const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
  const workflow = await createActiveWorkflow(client);
  const triggerId = present(workflow.trigger).id;
  const sessionId = uuidv7();
  await servers.catchUp();

  const { progression, audit, events, triggers } = client;
  const reads = [
    () => progression.listProgressionLogs({ userId }),
    () => progression.listSessions({ userId }),
    () => progression.listLoggedSets({ userId, sessionId }),
    () => progression.listSetCorrections({ userId, sessionId }),
    () => audit.listAuditEntries({}),
    () => client.users.getUsage({}),
    () => events.listEvents({}),
    () => triggers.listTriggerExecutions({ triggerId }),
    () => triggers.getTriggerStats({ triggerId }),
  ];
  for (const read of reads) {
    await read();
  }
  await client.users.getUser({ userId });
  expect(standby.answered).toEqual({ standby: TOLERANT.length, primary: 0 });
});

test('a row that has not arrived is found on the primary', async () => {
  const client = createAutomationClient(primary, { standby });
  await servers.catchUp();
  await onStandby(sql`select pg_wal_replay_pause()`);
  const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;

  expect((await client.progression.listSessions({ userId })).sessions).toEqual([]);
  expect(standby.answered).toEqual({ standby: 0, primary: 1 });
  await onStandby(sql`select pg_wal_replay_resume()`);
});

test('a standby that is too far behind is left, and used again when it has caught up', async () => {
  await standby.close();
  follow(servers.standbyPort, 1_000);
  await isUsed();
  const client = createAutomationClient(primary, { standby });
  await onStandby(sql`select pg_wal_replay_pause()`);
  await client.users.updateAccount({ name: 'Iron' });
  await isLeft();
  expect(changes.at(-1)?.[1]).toBe('it is too far behind');
  expect(standby.lagMs()).toBeGreaterThan(1_000);
  expect((await client.audit.listAuditEntries({})).entries).toHaveLength(1);
  expect(standby.answered).toEqual({ standby: 0, primary: 1 });

  await onStandby(sql`select pg_wal_replay_resume()`);
  await isUsed();
  expect(standby.lagMs()).toBeLessThan(1_000);
});

test('a standby that ends costs no call, and is used again when it is back', async () => {
  const client = createAutomationClient(primary, { standby });
  await client.users.updateAccount({ name: 'Iron' });
  await servers.catchUp();
  const list = async () => (await client.audit.listAuditEntries({})).entries.length;
  expect(await list()).toBe(1);
  await servers.endStandby();
  for (let call = 0; call < 10; call += 1) {
    expect(await list()).toBe(1);
  }
  await isLeft();
  expect(standby.answered).toEqual({ standby: 1, primary: 10 });

  await servers.startStandby();
  await isUsed();
  expect(await list()).toBe(1);
  expect(standby.answered).toEqual({ standby: 2, primary: 10 });
});

test('a process whose DATABASE_URL names a standby says so in one line', async () => {
  const { code, stdout, stderr } = await runCommand(['serve'], { DATABASE_URL: urlOf(servers.standbyPort) });

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^the database at \S+ is read-only: the server is a standby; [^\n]+\n$/);
});

test('a server that is no standby of the primary is not read', async () => {
  await standby.close();
  follow(servers.port);
  await isLeft();
  expect(changes).toEqual([[false, 'it is not a standby of the primary']]);

  await servers.failOver();
  await standby.close();
  follow(servers.port);
  await expect.poll(() => changes.length).toBeGreaterThan(0);
  expect(changes[0]?.[0]).toBe(false);
});
