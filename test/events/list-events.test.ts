/** ListEvents: the log, newest first, with filters and pages. */
import { Code } from '@connectrpc/connect';

import { beforeAll, describe, expect, test } from 'vitest';
import type { Event, ListEventsRequest } from '../../src/gen/automation/v1/event_service_pb.ts';
import { EventActor } from '../../src/gen/automation/v1/event_service_pb.ts';

import { failureOf } from '../server/test-server.ts';
import { type AutomationClient, createAutomationClient } from '../support/automation.ts';
import { createEventSource, type EventSource } from '../support/event-source.ts';
import { createLogEvaluator } from '../support/log-evaluator.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();
let source: EventSource;
let events: AutomationClient['events'];
/** In the order of acceptance. */
const ids: string[] = [];

beforeAll(async () => {
  source = await createEventSource(db.database, 2);
  ({ events } = createAutomationClient(db.database, { accountId: source.accountId }));
  for (let n = 0; n < 12; n += 1) {
    ids.push(...(await source.accept(n % 2, { facts: 2, type: n < 6 ? 'set_logged' : 'session_completed' })));
  }
  const evaluate = createLogEvaluator(db.database);
  for (let partition = 0; partition < 32; partition += 1) {
    await evaluate(source.accountId, [partition]);
  }
});

type Query = Partial<Omit<ListEventsRequest, '$typeName'>>;

async function listAll(query: Query = {}): Promise<Event[]> {
  const found: Event[] = [];
  let pageToken = '';
  do {
    const page = await events.listEvents({ ...query, pageToken });
    found.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return found;
}

const newestFirst = () => ids.toReversed();

test('ListEvents returns all events, newest first, with any page size', async () => {
  for (const pageSize of [0, 1, 5, 24]) {
    expect((await listAll({ pageSize })).map(({ id }) => id)).toEqual(newestFirst());
  }
});

test('ListEvents returns each event as it was accepted', async () => {
  const [event] = (await events.listEvents({ pageSize: 1 })).events;
  expect(event).toMatchObject({
    id: ids.at(-1),
    type: 'session_completed',
    userId: source.userIds[1],
    actor: EventActor.SYSTEM,
    data: { n: 1 },
    rootEventId: ids.at(-1),
    causationId: '',
    depth: 0,
  });
  expect(event?.previous).toBeUndefined();
  expect(event?.sequence).toBeGreaterThan(0n);
  expect(event?.recordedAt).toEqual(event?.occurredAt);
});

describe('ListEvents with a filter', () => {
  test('returns the events of one athlete and of one type', async () => {
    const own = ids.filter((_, n) => Math.floor(n / 2) % 2 === 1).toReversed();
    const userId = `${source.userIds[1]}`;
    expect((await listAll({ userId, pageSize: 3 })).map(({ id }) => id)).toEqual(own);
    const logged = ids.slice(0, 12).toReversed();
    expect((await listAll({ type: 'set_logged', pageSize: 5 })).map(({ id }) => id)).toEqual(logged);
    const both = await listAll({ userId, type: 'set_logged' });
    expect(both.map(({ id }) => id)).toEqual(logged.filter((id) => own.includes(id)));
    expect(await listAll({ type: 'payment_received' })).toEqual([]);
  });

  test('returns the events from a start time until an end time', async () => {
    const all = await listAll();
    const [newer, older] = [all[4]?.recordedAt, all[16]?.recordedAt];
    const within = await listAll({ startTime: older, endTime: newer, pageSize: 7 });
    expect(within.map(({ id }) => id)).toEqual(newestFirst().slice(6, 18));
    const badTime = { startTime: { seconds: 1n << 60n } } as never;
    expect(await failureOf(events.listEvents(badTime))).toMatchObject({
      violations: [{ field: 'start_time' }],
    });
  });
});

test('new events do not shift the pages of a reader', async () => {
  const { accept, accountId } = await createEventSource(db.database, 1);
  const client = createAutomationClient(db.database, { accountId }).events;
  const evaluateAll = async () => {
    for (let partition = 0; partition < 32; partition += 1) {
      await createLogEvaluator(db.database)(accountId, [partition]);
    }
  };
  const before = await accept(0, { facts: 4 });
  await evaluateAll();
  const first = await client.listEvents({ pageSize: 2 });
  await accept(0, { facts: 4 });
  await evaluateAll();
  const second = await client.listEvents({ pageSize: 2, pageToken: first.nextPageToken });
  expect([...first.events, ...second.events].map(({ id }) => id)).toEqual(before.toReversed());
  expect(second.nextPageToken).toBe('');
});

test('a page token of another list and an invalid page token are refused', async () => {
  const { nextPageToken } = await events.listEvents({ pageSize: 1 });
  for (const request of [
    { pageToken: nextPageToken, type: 'set_logged' },
    { pageToken: nextPageToken, userId: `${source.userIds[0]}` },
    { pageToken: 'x' },
  ]) {
    expect(await failureOf(events.listEvents(request))).toMatchObject({
      code: Code.InvalidArgument,
      reason: 'PAGE_TOKEN_INVALID',
    });
  }
});

test('ListEvents returns no events of another account', async () => {
  const other = createAutomationClient(db.database);
  expect((await other.events.listEvents({})).events).toEqual([]);
  const userId = `${source.userIds[0]}`;
  expect((await other.events.listEvents({ userId })).events).toEqual([]);
});
