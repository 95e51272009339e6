/** Once per request ID: replays, conflicts, concurrent duplicates, failures. */
import { create, toBinary } from '@bufbuild/protobuf';
import { createContextValues, createHandlerContext, type HandlerContext } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v4 as uuidv4 } from 'uuid';
import { expect, test } from 'vitest';
import { callContextKey } from '../../src/calls/call-context.ts';
import { once } from '../../src/calls/once.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import {
  CreateUserRequestSchema,
  type CreateUserResponse,
  CreateUserResponseSchema,
  UserService,
} from '../../src/gen/progression/v1/user_service_pb.ts';
import type { Transaction } from '../../src/store/database.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { readRows } from '../store/schema-dump.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';

const METHOD = UserService.method.createUser;
const ACCOUNT_ID = uuidv4();
const FAR_AWAY_MS = 20_000;

const db = useTestDatabasePerTest();

function contextOf(requestId: string | undefined, { accountId = ACCOUNT_ID, deadlineMs = FAR_AWAY_MS } = {}) {
  const contextValues = createContextValues().set(callContextKey, {
    accountId,
    actor: 'a test',
    actorKind: 'SYSTEM',
    requestId,
    receivedAt: systemClock(),
    deadlineAtMs: performance.now() + deadlineMs,
    signal: new AbortController().signal,
  });
  return createHandlerContext({
    service: UserService,
    method: METHOD,
    protocolName: 'connect',
    requestMethod: 'POST',
    url: 'http://test/',
    contextValues,
  });
}

/** A user with a name, made at most once; `meanwhile` runs inside the transaction. */
function callCreate(
  context: HandlerContext,
  name: string,
  meanwhile: (tx: Transaction) => Promise<void> = async () => undefined,
): Promise<CreateUserResponse> {
  return once(db.database, context, METHOD, create(CreateUserRequestSchema, { name }), async (tx) => {
    const id = uuidv4();
    await sql`insert into users (account_id, id, name) values (${tx.accountId}, ${id}, ${name})`.execute(
      tx.sql,
    );
    await meanwhile(tx);
    return create(CreateUserResponseSchema, { user: { id, name } });
  });
}

const isReplayed = (context: HandlerContext) => context.responseHeader.get('idempotency-replayed') === 'true';

async function namesOfUsers(): Promise<string[]> {
  const rows = await readRows<{ name: string }>(db.database, sql`select name from users order by name`);
  return rows.map(({ name }) => name);
}

/** The number of transactions that wait for another one. */
async function countWaiters(): Promise<number> {
  const rows = await readRows<{ waiters: number }>(
    db.database,
    sql`select count(*)::int as waiters from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiters ?? 0;
}

test('a second call with the same request ID gets the stored answer, byte for byte, and does nothing', async () => {
  const requestId = uuidv4();
  const [first, second] = [contextOf(requestId), contextOf(requestId)];

  const answer = await callCreate(first, 'Ada');
  const replay = await callCreate(second, 'Ada');

  expect(toBinary(CreateUserResponseSchema, replay)).toEqual(toBinary(CreateUserResponseSchema, answer));
  expect([isReplayed(first), isReplayed(second)]).toEqual([false, true]);
  expect(await namesOfUsers()).toEqual(['Ada']);
});

test('the same request ID with another payload is refused, and nothing is executed', async () => {
  const requestId = uuidv4();
  await callCreate(contextOf(requestId), 'Ada');

  await expect(callCreate(contextOf(requestId), 'Grace')).rejects.toMatchObject({
    reason: 'REQUEST_ID_REUSED',
    metadata: { requestId },
  });

  expect(await namesOfUsers()).toEqual(['Ada']);
});

test('the same request ID of two accounts is two calls', async () => {
  const requestId = uuidv4();
  const other = contextOf(requestId, { accountId: uuidv4() });

  await callCreate(contextOf(requestId), 'Ada');
  await callCreate(other, 'Grace');

  expect(isReplayed(other)).toBe(false);
  expect(await namesOfUsers()).toEqual(['Ada', 'Grace']);
});

test('a writing call without a request ID is refused', async () => {
  await expect(callCreate(contextOf(undefined), 'Ada')).rejects.toMatchObject({
    reason: 'REQUEST_ID_REQUIRED',
  });
});

test('a call that fails leaves nothing, and its request ID may be used again, also with another payload', async () => {
  const requestId = uuidv4();
  const failure = new DomainError('SLUG_TAKEN', 'a refusal after the first write');
  const attempt = callCreate(contextOf(requestId), 'Ada', async () => {
    throw failure;
  });
  await expect(attempt).rejects.toBe(failure);
  expect(await namesOfUsers()).toEqual([]);

  const retry = contextOf(requestId);
  await callCreate(retry, 'Grace');

  expect(isReplayed(retry)).toBe(false);
  expect(await namesOfUsers()).toEqual(['Grace']);
});

test('duplicates that arrive while the first still runs wait for it and get its answer', async () => {
  const requestId = uuidv4();
  const release = Promise.withResolvers<void>();
  const claimed = Promise.withResolvers<void>();
  const first = callCreate(contextOf(requestId), 'Ada', () => {
    claimed.resolve();
    return release.promise;
  });
  await claimed.promise;
  const contexts = Array.from({ length: 5 }, () => contextOf(requestId));
  const duplicates = contexts.map((context) => callCreate(context, 'Ada'));
  await expect.poll(countWaiters).toBe(5);

  release.resolve();

  const answer = await first;
  expect(await Promise.all(duplicates)).toEqual(contexts.map(() => answer));
  expect(contexts.map(isReplayed)).toEqual(contexts.map(() => true));
  expect(await namesOfUsers()).toEqual(['Ada']);
});

test('when the first fails, one of the waiting duplicates does the work', async () => {
  const requestId = uuidv4();
  const release = Promise.withResolvers<void>();
  const claimed = Promise.withResolvers<void>();
  const first = callCreate(contextOf(requestId), 'Ada', async () => {
    claimed.resolve();
    await release.promise;
    throw new DomainError('CONCURRENT_UPDATE', 'not this time');
  });
  await claimed.promise;
  const contexts = [contextOf(requestId), contextOf(requestId)];
  const duplicates = contexts.map((context) => callCreate(context, 'Ada'));
  await expect.poll(countWaiters).toBe(2);

  release.resolve();

  await expect(first).rejects.toMatchObject({ reason: 'CONCURRENT_UPDATE' });
  const [one, two] = await Promise.all(duplicates);
  expect(one).toEqual(two);
  expect(contexts.map(isReplayed).toSorted()).toEqual([false, true]);
  expect(await namesOfUsers()).toEqual(['Ada']);
});

test('a duplicate waits no longer than its own deadline', async () => {
  const requestId = uuidv4();
  const release = Promise.withResolvers<void>();
  const claimed = Promise.withResolvers<void>();
  const first = callCreate(contextOf(requestId), 'Ada', () => {
    claimed.resolve();
    return release.promise;
  });
  await claimed.promise;

  await expect(callCreate(contextOf(requestId, { deadlineMs: 100 }), 'Ada')).rejects.toMatchObject({
    reason: 'DEADLINE_EXCEEDED',
  });

  release.resolve();
  await first;
  expect(await namesOfUsers()).toEqual(['Ada']);
});

test('a call that arrives after its deadline is not started', async () => {
  await expect(callCreate(contextOf(uuidv4(), { deadlineMs: -1 }), 'Ada')).rejects.toMatchObject({
    reason: 'DEADLINE_EXCEEDED',
  });
  expect(await namesOfUsers()).toEqual([]);
});
