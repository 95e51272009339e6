/** PublishEvents: a result for each event, each id accepted once, and each athlete's events in order. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { enumName } from '../../../src/calls/enum-name.ts';
import {
  EventActor,
  type PublishedEventSchema,
  PublishOutcome,
  PublishOutcomeSchema,
  type PublishResult,
} from '../../../src/gen/automation/v1/event_service_pb.ts';
import type { Fact } from '../../../src/store/entities/outbox-entry.ts';
import { instantFromText, instantToTimestamp } from '../../../src/values/instant.ts';
import { failureOf } from '../../server/test-server.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { TEST_NOW } from '../../support/catalog-client.ts';
import { createEventSource } from '../../support/event-source.ts';
import { expectWaiting, holdAthlete } from '../../support/held-athlete.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';

type EventInit = Exclude<MessageInitShape<typeof PublishedEventSchema>, { $typeName: string }>;

const db = useTestDatabase();

interface Publisher extends AutomationClient {
  readonly userIds: readonly string[];
  publish(...events: EventInit[]): Promise<PublishResult[]>;
  /** A payment event of one of the athletes. */
  payment(athlete?: number, more?: EventInit): EventInit & { id: string };
}

async function createPublisher(athletes = 1, database = db.database): Promise<Publisher> {
  const { accountId, userIds } = await createEventSource(db.database, athletes);
  const client = createAutomationClient(database, { accountId });
  return {
    ...client,
    userIds,
    publish: async (...events) => (await client.events.publishEvents({ events })).results,
    payment: (athlete = 0, more = {}) => ({
      id: uuidv7(),
      type: 'payment_received',
      userId: `${userIds[athlete]}`,
      data: { amount: '49.90', currency: 'EUR' },
      ...more,
    }),
  };
}

interface Entry {
  userId: string;
  facts: Fact[];
  actor: string;
  occurredAt: string;
  cause: unknown;
}

/** In the order of their sequence. */
async function readOutbox(accountId: string): Promise<Entry[]> {
  return db.database.transaction(accountId, async (tx) => {
    const { rows } = await sql<Entry>`
      select user_id as "userId", facts, actor, occurred_at as "occurredAt", cause from outbox
      where account_id = ${accountId} order by sequence`.execute(tx.sql);
    return rows;
  });
}

const idsIn = (entries: readonly Entry[]) => entries.flatMap(({ facts }) => facts.map(({ id }) => id));
const readOutcomes = (results: readonly PublishResult[]) =>
  results.map(({ outcome }) => enumName(PublishOutcomeSchema, outcome));
const ACCEPTED = { outcome: PublishOutcome.ACCEPTED };
const DUPLICATE = { outcome: PublishOutcome.DUPLICATE };
const refused = (reason: string) => ({ outcome: PublishOutcome.REFUSED, error: { reason } });

describe('an accepted event', () => {
  test('is written unchanged to the outbox, in the order of the call', async () => {
    const { accountId, publish, payment, userIds } = await createPublisher(2);
    const events = [
      payment(1, {
        occurredAt: instantToTimestamp(instantFromText('2026-02-27T08:00:00.5Z')),
        actor: EventActor.IMPORT,
      }),
      payment(0),
      payment(1),
    ];
    const results = await publish(...events);
    expect(results).toMatchObject(events.map(({ id }) => ({ id, ...ACCEPTED })));
    const entries = await readOutbox(accountId);
    expect(idsIn(entries)).toEqual(events.map(({ id }) => id));
    expect(entries.map(({ userId }) => userId)).toEqual([userIds[1], userIds[0], userIds[1]]);
    expect(entries.map(({ actor }) => actor)).toEqual(['IMPORT', 'SYSTEM', 'SYSTEM']);
    expect(entries[0]?.facts).toEqual([
      { id: events[0]?.id, type: 'payment_received', data: { amount: '49.90', currency: 'EUR' } },
    ]);
    expect(entries.map(({ occurredAt }) => instantFromText(occurredAt))).toEqual(
      ['2026-02-27T08:00:00.5Z', TEST_NOW, TEST_NOW].map(instantFromText),
    );
  });

  test('has the canonical name of its type and the values before the change', async () => {
    const { accountId, publish, payment } = await createPublisher();
    const change = { data: { name: 'New' }, previous: { name: 'Old' } };
    await publish(payment(0, { type: 'contact.updated', ...change }));
    const [entry] = await readOutbox(accountId);
    expect(entry?.facts).toMatchObject([{ type: 'contact_updated', ...change }]);
  });

  test('may have a custom type of the account', async () => {
    const { publish, payment, triggers } = await createPublisher();
    await triggers.defineEventType({ name: 'custom.checked_in', sample: {} });
    const results = await publish(
      payment(0, { type: 'custom.checked_in', data: {} }),
      payment(0, { type: 'custom.checked_out', data: {} }),
      payment(0),
    );
    expect(results).toMatchObject([ACCEPTED, refused('VALIDATION_FAILED'), ACCEPTED]);
  });

  test('may be one of up to 500 in a call, without a request ID', async () => {
    const { accountId, events, payment } = await createPublisher(10);
    const headers = { 'idempotency-key': '' };
    const published = Array.from({ length: 500 }, (_, n) => payment(n % 10));
    const { results } = await events.publishEvents({ events: published }, { headers });
    expect(new Set(readOutcomes(results))).toEqual(new Set(['ACCEPTED']));
    expect(idsIn(await readOutbox(accountId))).toEqual(published.map(({ id }) => id));
    const more = events.publishEvents({ events: [...published, payment()] }, { headers });
    expect(await failureOf(more)).toMatchObject({ code: Code.InvalidArgument, reason: 'VALIDATION_FAILED' });
    expect(await failureOf(events.publishEvents({}))).toMatchObject({ reason: 'VALIDATION_FAILED' });
  });
});

describe('a repeated event', () => {
  test('is a duplicate and changes nothing, also in another spelling', async () => {
    const { accountId, publish, payment } = await createPublisher();
    const event = payment(0, { data: { amount: '1', currency: 'EUR', payment_id: 'p' } });
    await publish(event);
    expect(await publish(event)).toMatchObject([DUPLICATE]);
    const spelled = {
      ...event,
      id: event.id.toUpperCase(),
      type: 'payment.received',
      userId: `${event.userId}`.toUpperCase(),
      data: { payment_id: 'p', currency: 'EUR', amount: '1' },
      actor: EventActor.SYSTEM,
    };
    expect(await publish(spelled)).toMatchObject([{ ...DUPLICATE, id: event.id }]);
    expect(await readOutbox(accountId)).toHaveLength(1);
  });

  test.each<[string, EventInit]>([
    ['other data', { data: { amount: '50' } }],
    ['another type', { type: 'deal_won' }],
    ['an explicit time', { occurredAt: instantToTimestamp(instantFromText(TEST_NOW)) }],
    ['another actor', { actor: EventActor.COACH }],
  ])('with %s is refused as a reused id', async (_, more) => {
    const { accountId, publish, payment } = await createPublisher();
    const event = payment(0, { data: {} });
    await publish(event);
    expect(await publish({ ...event, ...more })).toMatchObject([refused('EVENT_ID_REUSED')]);
    expect(await readOutbox(accountId)).toHaveLength(1);
  });

  test('within one call gets its result from the first one', async () => {
    const { accountId, publish, payment } = await createPublisher();
    const event = payment();
    const other = payment(0, { id: event.id, data: { amount: '2' } });
    expect(await publish(event, event, other, payment())).toMatchObject([
      ACCEPTED,
      DUPLICATE,
      refused('EVENT_ID_REUSED'),
      ACCEPTED,
    ]);
    expect(await readOutbox(accountId)).toHaveLength(2);
  });

  test('stays a duplicate after the athlete is deleted', async () => {
    const { publish, payment, users, userIds } = await createPublisher();
    const event = payment();
    await publish(event);
    await users.deleteUser({ userId: `${userIds[0]}` });
    expect(await publish(event, payment())).toMatchObject([DUPLICATE, refused('USER_NOT_FOUND')]);
  });

  test('in many concurrent calls is accepted by one of them', async () => {
    const { accountId, publish, payment } = await createPublisher(5);
    const events = Array.from({ length: 20 }, (_, n) => payment(n % 5));
    const shuffled = Array.from({ length: 10 }, (_, n) => [
      ...events.slice(2 * n),
      ...events.slice(0, 2 * n),
    ]);
    const results = (await Promise.all(shuffled.map((each) => publish(...each)))).flat();
    for (const { id } of events) {
      const outcomes = readOutcomes(results.filter((each) => each.id === id));
      expect(outcomes.toSorted()).toEqual(['ACCEPTED', ...Array(9).fill('DUPLICATE')]);
    }
    expect(idsIn(await readOutbox(accountId)).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  });

  test('with the id of an event of the service itself is refused', async () => {
    const { accountId, publish, payment, userIds } = await createPublisher();
    const event = payment();
    await db.database.transaction(accountId, (tx) =>
      sql`insert into events (account_id, id, type, user_id, occurred_at, recorded_at, sequence, position, actor,
            data, root_event_id, evaluated_at)
          values (${accountId}, ${event.id}, 'session_completed', ${userIds[0]}, now(), now(), 1, 0, 'SYSTEM', '{}',
            ${event.id}, now())`.execute(tx.sql),
    );
    expect(await publish(event)).toMatchObject([refused('EVENT_ID_REUSED')]);
  });
});

describe('a refused event', () => {
  const form = { type: 'form_submitted' };
  test.each<[string, EventInit, string, RegExp]>([
    ['an invalid id', { id: '7' }, 'id', /UUID/],
    ['an empty athlete id', { userId: '' }, 'user_id', /UUID/],
    ['an unknown event type', { type: 'payment_lost' }, 'type', /ListEventTypes/],
    [
      'an event type that only the service creates',
      { type: 'session_completed', data: {} },
      'type',
      /service/,
    ],
    ['an occurrence of a time trigger', { type: 'birthday', data: {} }, 'type', /service/],
    ['a time in the future', { occurredAt: { seconds: 4_000_000_000n } }, 'occurred_at', /5 minutes/],
    ['an impossible time', { occurredAt: { seconds: 1n << 60n } }, 'occurred_at', /9999/],
    ['the actor of the service itself', { actor: EventActor.AUTOMATION }, 'actor', /COACH/],
    ['an unknown actor', { actor: 9 as EventActor }, 'actor', /COACH/],
    ['a missing required field', { ...form, data: {} }, 'data.form_id', /required/],
    ['4 KiB of unknown fields', { data: { colour: 'x'.repeat(4_096) } }, 'data', /at most 4096 bytes/],
    ['a deep unknown field', { data: { a: { b: { c: { d: { e: { f: 1 } } } } } } }, 'data.a', /nested/],
    ['text in a number field', { data: { amount: 'a lot' } }, 'data.amount', /decimal|number/],
    ['unexpected values before a change', { previous: {} }, 'previous', /absent/],
    [
      'text that cannot be stored',
      { data: { currency: 'E\u0000R' } },
      'data.currency',
      /NUL|zero|character/i,
    ],
    ['a number that is NaN', { data: { amount: Number.NaN } }, 'data.amount', /number/],
    ['too much data', { data: { currency: 'x'.repeat(20_000) } }, 'data', /16384 bytes/],
  ])(
    'with %s names the field, and other events of the call are accepted',
    async (_, more, field, description) => {
      const { accountId, publish, payment } = await createPublisher();
      const [bad, good] = await publish(payment(0, more), payment());
      expect(bad).toMatchObject({
        ...refused('VALIDATION_FAILED'),
        error: {
          fieldViolations: [{ field, description: expect.stringMatching(description) }],
          retryable: false,
        },
      });
      expect(good).toMatchObject(ACCEPTED);
      expect(await readOutbox(accountId)).toHaveLength(1);
    },
  );

  test('lists all its violations at once', async () => {
    const { publish } = await createPublisher();
    const [result] = await publish({ id: '7', type: 'nothing', data: {} as JsonObject });
    expect(result?.error?.fieldViolations.map(({ field }) => field)).toEqual(['id', 'user_id', 'type']);
  });

  test('of an athlete of another account gets the error of an unknown athlete, and is accepted after the athlete exists', async () => {
    const [own, other] = [await createPublisher(), await createPublisher()];
    const missing = uuidv7();
    const event = own.payment(0, { userId: missing });
    expect(await own.publish(own.payment(0, { userId: other.userIds[0] }), event)).toMatchObject([
      refused('USER_NOT_FOUND'),
      refused('USER_NOT_FOUND'),
    ]);
    await own.users.createUser({ userId: missing, name: 'Late' });
    expect(await own.publish(event)).toMatchObject([ACCEPTED]);
  });
});

describe('other events of a call', () => {
  test('are accepted while the athlete of one event is locked', async () => {
    const { accountId, publish, payment, userIds } = await createPublisher(3);
    const held = await holdAthlete(db.database, { accountId, userId: `${userIds[1]}` });
    const events = [payment(0), payment(1), payment(2), payment(1)];
    const publishing = publish(...events);
    await expect.poll(async () => idsIn(await readOutbox(accountId))).toEqual([events[0]?.id, events[2]?.id]);
    await held.release();
    expect(await publishing).toMatchObject([ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED]);
    expect(idsIn(await readOutbox(accountId)).slice(2)).toEqual([events[1]?.id, events[3]?.id]);
  });

  test('are accepted when the athlete of one event stays locked until the deadline, and the call can be repeated', async () => {
    const { accountId, events, payment, userIds } = await createPublisher(2);
    const held = await holdAthlete(db.database, { accountId, userId: `${userIds[1]}` });
    const call = { events: [payment(0), payment(1)] };
    expect(await failureOf(events.publishEvents(call, { timeoutMs: 300 }))).toMatchObject({
      code: Code.DeadlineExceeded,
    });
    // The caller's clock and the database's run apart: the statement may wait a little longer than the caller.
    await expectWaiting(db.database, 0);
    await held.release();
    expect((await events.publishEvents(call)).results).toMatchObject([DUPLICATE, ACCEPTED]);
  });

  test('are accepted when one event fails the common transaction', async () => {
    const faulty = openFaultyDatabase(db);
    const { accountId, publish, payment } = await createPublisher(3, faulty.database);
    await publish(payment());
    const events = [0, 1, 2, 0, 1, 2].map((athlete) => payment(athlete));
    // The common transaction breaks, and the one of the athlete that comes first.
    faulty.arm({ statement: 4, how: 'refuse', sqlState: '22P05', times: 2 });
    const results = await publish(...events);
    faulty.disarm();
    expect(readOutcomes(results)).toEqual(events.map(() => 'ACCEPTED'));
    expect(await readOutbox(accountId)).toHaveLength(7);
    await faulty.close();
  });

  test('are accepted when one event has an internal error', async () => {
    const faulty = openFaultyDatabase(db);
    const { accountId, publish, payment } = await createPublisher(1, faulty.database);
    await publish(payment());
    const events = [payment(), payment(), payment()];
    // All together, the athlete's together, then the first one alone.
    faulty.arm({ statement: 5, how: 'refuse', sqlState: '22P05', times: 3 });
    const results = await publish(...events);
    faulty.disarm();
    expect(results).toMatchObject([refused('INTERNAL'), ACCEPTED, ACCEPTED]);
    expect(results[0]?.error?.message).toBe('internal error');
    expect(await readOutbox(accountId)).toHaveLength(3);
    await faulty.close();
  });

  test('are accepted when their transaction is retried after a serialization failure', async () => {
    const faulty = openFaultyDatabase(db);
    const { accountId, publish, payment } = await createPublisher(2, faulty.database);
    const before = payment();
    await publish(before);
    faulty.arm({ statement: 'commit', how: 'refuse', sqlState: '40001', times: 2 });
    const events = [payment(0), payment(1)];
    expect(await publish(...events)).toMatchObject([ACCEPTED, ACCEPTED]);
    expect(faulty.disarm()).toBe(2);
    expect(idsIn(await readOutbox(accountId))).toEqual([before, ...events].map(({ id }) => id));
    await faulty.close();
  });
});

test('concurrent publishers of the same athletes keep the order of each call', async () => {
  const { accountId, publish, payment } = await createPublisher(4);
  const calls = Array.from({ length: 12 }, () => Array.from({ length: 16 }, (_, n) => payment(n % 4)));
  const results = await Promise.all(
    calls.map(async (events, n) => {
      await delay(n);
      return publish(...events);
    }),
  );
  expect(new Set(readOutcomes(results.flat()))).toEqual(new Set(['ACCEPTED']));
  const stored = idsIn(await readOutbox(accountId));
  expect(stored).toHaveLength(12 * 16);
  for (const events of calls) {
    for (const athlete of [0, 1, 2, 3]) {
      const ids = events.filter((_, n) => n % 4 === athlete).map(({ id }) => id);
      const positions = ids.map((id) => stored.indexOf(id));
      expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    }
  }
});
