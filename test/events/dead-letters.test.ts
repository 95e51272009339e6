/** Dead letters: listed, redriven, discarded; each decision is audited. */
import { Code } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import { DeadLetterState } from '../../src/gen/automation/v1/event_service_pb.ts';
import { instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { failureOf } from '../server/test-server.ts';
import { type AutomationClient, createAutomationClient } from '../support/automation.ts';
import { TEST_NOW } from '../support/catalog-client.ts';
import { createEventSource } from '../support/event-source.ts';
import { under } from '../support/progression-client.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();

let client: AutomationClient;
let userId: string;
beforeEach(async () => {
  const source = await createEventSource(db.database, 1);
  userId = `${source.userIds[0]}`;
  client = createAutomationClient(db.database, { accountId: source.accountId });
});

interface LetterInit {
  readonly state?: 'RETRYING' | 'DEAD' | 'DISCARDED' | 'RESOLVED';
  readonly triggerId?: string | null;
  readonly userId?: string | null;
}

let minute = 0;

/** Inserts a dead letter that failed a minute after the previous one; returns its id. */
async function insertLetter(init: LetterInit = {}): Promise<string> {
  const letter = { state: 'DEAD', triggerId: uuidv7(), userId, ...init };
  const id = uuidv7();
  minute += 1;
  const failedAt = new Date(Date.UTC(2026, 1, 1, 0, minute)).toISOString();
  const nextAt = letter.state === 'RETRYING' ? '2026-03-01T11:00:00Z' : null;
  await db.database.transaction(client.accountId, (tx) =>
    sql`insert into dead_letters (account_id, id, event_id, trigger_id, user_id, event, state, attempts, reason,
          message, first_failed_at, last_failed_at, next_attempt_at)
        values (${client.accountId}, ${id}, ${uuidv7()}, ${letter.triggerId}, ${letter.userId}, '{}', ${letter.state},
          8, 'TRIGGER_UNREADABLE', 'no such operator', '2026-01-31T00:00:00Z', ${failedAt}, ${nextAt})`.execute(
      tx.sql,
    ),
  );
  return id;
}

interface LetterRow {
  id: string;
  state: string;
  attempts: number;
  next: string | null;
}

async function readLetter(id: string): Promise<LetterRow | undefined> {
  return db.database.transaction(client.accountId, async (tx) => {
    const { rows } = await sql<LetterRow>`
      select id, state, attempts, next_attempt_at as next from dead_letters
      where account_id = ${client.accountId} and id = ${id}`.execute(tx.sql);
    return rows[0];
  });
}

async function readAuditTrail() {
  const { entries } = await client.audit.listAuditEntries({});
  return entries.map(({ action, targetType, targetId, reason, actor, before, after }) => {
    return { action, targetType, targetId, reason, actor, before, after };
  });
}

describe('ListDeadLetters', () => {
  test('lists open dead letters page by page, most recent failure first', async () => {
    const retrying = await insertLetter({ state: 'RETRYING' });
    const dead = [await insertLetter(), await insertLetter({ triggerId: null, userId: null })];
    await insertLetter({ state: 'DISCARDED' });
    await insertLetter({ state: 'RESOLVED' });
    const first = await client.events.listDeadLetters({ pageSize: 2 });
    const second = await client.events.listDeadLetters({ pageSize: 2, pageToken: first.nextPageToken });
    const found = [...first.deadLetters, ...second.deadLetters];
    expect(found.map(({ id }) => id)).toEqual([dead[1], dead[0], retrying]);
    expect([first.totalSize, second.totalSize, second.nextPageToken]).toEqual([3, 3, '']);
    expect(found[0]).toMatchObject({ triggerId: '', userId: '', state: DeadLetterState.DEAD });
    expect(found[0]?.nextAttemptAt).toBeUndefined();
    expect(found[2]).toMatchObject({
      userId,
      state: DeadLetterState.RETRYING,
      attempts: 8,
      reason: 'TRIGGER_UNREADABLE',
      message: 'no such operator',
      firstFailedAt: instantToTimestamp(instantFromText('2026-01-31T00:00:00Z')),
      nextAttemptAt: instantToTimestamp(instantFromText('2026-03-01T11:00:00Z')),
    });
  });

  test('filters by state and by trigger', async () => {
    const triggerId = uuidv7();
    const ofTrigger = await insertLetter({ triggerId });
    const resolved = await insertLetter({ state: 'RESOLVED' });
    const list = async (request: Parameters<typeof client.events.listDeadLetters>[0]) =>
      (await client.events.listDeadLetters(request)).deadLetters.map(({ id }) => id);
    expect(await list({ triggerId })).toEqual([ofTrigger]);
    expect(await list({ state: DeadLetterState.RESOLVED })).toEqual([resolved]);
    expect(await list({ state: DeadLetterState.RESOLVED, triggerId })).toEqual([]);
    expect(await createAutomationClient(db.database).events.listDeadLetters({})).toMatchObject({
      totalSize: 0,
    });
  });
});

describe('RedriveDeadLetters', () => {
  test('makes the named dead letters due with all attempts, and does not change settled ones', async () => {
    const ids = [await insertLetter(), await insertLetter({ state: 'RETRYING' })];
    const settled = [await insertLetter({ state: 'DISCARDED' }), await insertLetter({ state: 'RESOLVED' })];
    const other = await insertLetter();
    const { redrivenCount } = await client.events.redriveDeadLetters({ deadLetterIds: [...ids, ...settled] });
    expect(redrivenCount).toBe(2);
    for (const id of ids) {
      const letter = await readLetter(id);
      expect(letter).toMatchObject({ state: 'RETRYING', attempts: 0 });
      expect(instantFromText(`${letter?.next}`)).toBe(instantFromText(TEST_NOW));
    }
    expect(await readLetter(`${settled[0]}`)).toMatchObject({ state: 'DISCARDED', attempts: 8, next: null });
    expect(await readLetter(other)).toMatchObject({ state: 'DEAD', attempts: 8 });
    expect(await readAuditTrail()).toHaveLength(2);
    expect((await readAuditTrail()).find(({ targetId }) => targetId === ids[0])).toEqual({
      action: 'RedriveDeadLetters',
      targetType: 'dead_letter',
      targetId: ids[0],
      reason: '',
      actor: TEST_ACTOR,
      before: { state: 'DEAD', attempts: 8 },
      after: { state: 'RETRYING' },
    });
  });

  test('without ids redrives all DEAD letters, or those of a trigger', async () => {
    const triggerId = uuidv7();
    const [ofTrigger, other] = [await insertLetter({ triggerId }), await insertLetter()];
    await insertLetter({ state: 'RETRYING' });
    expect(await client.events.redriveDeadLetters({ triggerId })).toMatchObject({ redrivenCount: 1 });
    expect(await readLetter(ofTrigger)).toMatchObject({ state: 'RETRYING', attempts: 0 });
    expect(await client.events.redriveDeadLetters({})).toMatchObject({ redrivenCount: 1 });
    expect(await readLetter(other)).toMatchObject({ state: 'RETRYING', attempts: 0 });
    expect(await client.events.redriveDeadLetters({})).toMatchObject({ redrivenCount: 0 });
  });

  test('redrives at most redrivenDeadLetters per call', async () => {
    const { accountId } = client;
    const limited = createAutomationClient(db.database, { accountId, limits: { redrivenDeadLetters: 2 } });
    for (let n = 0; n < 3; n += 1) {
      await insertLetter();
    }
    expect(await limited.events.redriveDeadLetters({})).toMatchObject({ redrivenCount: 2 });
    expect(await limited.events.redriveDeadLetters({})).toMatchObject({ redrivenCount: 1 });
  });

  test('refuses a trigger together with ids', async () => {
    const request = { deadLetterIds: [await insertLetter()], triggerId: uuidv7() };
    expect(await failureOf(client.events.redriveDeadLetters(request))).toMatchObject({
      violations: [{ field: 'trigger_id' }],
    });
  });
});

describe('DiscardDeadLetters', () => {
  test('discards the named dead letters once, with a reason', async () => {
    const ids = [await insertLetter(), await insertLetter({ state: 'RETRYING' })];
    const resolved = await insertLetter({ state: 'RESOLVED' });
    const request = { deadLetterIds: [...ids, resolved], reason: 'of no use' };
    const call = () =>
      client.events.discardDeadLetters(request, under('0198c2a4-7000-7abc-8def-0123456789ab'));
    expect(await call()).toMatchObject({ discardedCount: 2 });
    expect(await call()).toMatchObject({ discardedCount: 2 });
    for (const id of ids) {
      expect(await readLetter(id)).toMatchObject({ state: 'DISCARDED', next: null });
    }
    expect(await readLetter(resolved)).toMatchObject({ state: 'RESOLVED' });
    expect(await client.events.discardDeadLetters(request)).toMatchObject({ discardedCount: 0 });
    const entries = await readAuditTrail();
    expect(entries.map(({ targetId }) => targetId).toSorted()).toEqual(ids.toSorted());
    expect(entries[0]).toMatchObject({ action: 'DiscardDeadLetters', reason: 'of no use' });
  });
});

describe.each(['redriveDeadLetters', 'discardDeadLetters'] as const)('%s', (method) => {
  test('refuses an unknown letter and one of another account, and changes nothing', async () => {
    const own = await insertLetter();
    const stranger = createAutomationClient(db.database);
    await db.database.ensureAccount(stranger.accountId);
    for (const [caller, ids] of [
      [client, [own, uuidv7()]],
      [stranger, [own]],
    ] as const) {
      expect(await failureOf(caller.events[method]({ deadLetterIds: [...ids] }))).toMatchObject({
        code: Code.NotFound,
        reason: 'DEAD_LETTER_NOT_FOUND',
      });
    }
    expect(await readLetter(own)).toMatchObject({ state: 'DEAD', attempts: 8 });
    expect(await readAuditTrail()).toEqual([]);
  });
});
