/** The audit trail over the wire: newest first, page by page, and narrowed by each filter. */
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { type Instant, instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import {
  type CatalogClient,
  createCatalogClient,
  expectRefusal,
  TEST_NOW,
} from '../support/catalog-client.ts';
import { createUser } from '../support/catalog-fixtures.ts';
import { createAthlete } from '../support/fixtures.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { useTestDatabase } from '../support/test-database.ts';

const SECOND = 1_000_000n;

const db = useTestDatabase();

let client: CatalogClient;
let now: Instant;
beforeEach(() => {
  now = instantFromText(TEST_NOW);
  client = createCatalogClient(db.database, { clock: () => now });
});

/** Erases a number of athletes, one after the other, a second apart; returns their ids. */
async function eraseSome(count: number): Promise<string[]> {
  const userIds: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const userId = await createUser(client);
    now += SECOND;
    await client.users.eraseUser({ userId, reason: `on demand ${at}` });
    userIds.push(userId);
  }
  return userIds;
}

const targets = (entries: readonly AuditEntry[]) => entries.map(({ targetId }) => targetId);
const timeAfter = (seconds: bigint) => instantToTimestamp(instantFromText(TEST_NOW) + seconds * SECOND);

test('a change by hand is listed as it was made', async () => {
  const athlete = await createAthlete(db.database, { lifts: { squat: '100' }, maxType: 'TRAINING_MAX' });
  const { accountId, userId } = athlete;
  const liftId = `${athlete.liftIds.squat}`;
  const progressions = createProgressionClient(db.database, { accountId, clock: () => now });
  const maxType = MaxType.TRAINING_MAX;
  await progressions.setLiftMax({ userId, liftId, maxType, value: '102.5', reason: 'tested' });

  const { audit } = createCatalogClient(db.database, { accountId });
  const { entries, totalSize, nextPageToken } = await audit.listAuditEntries({});

  expect({ totalSize, nextPageToken }).toEqual({ totalSize: 1, nextPageToken: '' });
  expect(entries).toMatchObject([
    {
      action: 'SetLiftMax',
      actor: TEST_ACTOR,
      targetType: 'lift_max',
      userId,
      reason: 'tested',
      before: expect.objectContaining({ value: '100' }),
      after: expect.objectContaining({ value: '102.5' }),
      recordedAt: timeAfter(0n),
    },
  ]);
});

test('a value that did not exist before, or does not exist after, is absent', async () => {
  const [userId] = await eraseSome(1);
  const { entries } = await client.audit.listAuditEntries({});
  expect(entries).toMatchObject([{ action: 'EraseUser', targetType: 'user', targetId: userId }]);
  expect(entries[0]).not.toHaveProperty('before');
  expect(entries[0]).not.toHaveProperty('after');
});

test('an account reads its own audit trail only', async () => {
  await eraseSome(1);
  const stranger = createCatalogClient(db.database);
  expect(await stranger.audit.listAuditEntries({})).toMatchObject({ entries: [], totalSize: 0 });
});

describe('pages', () => {
  test('follow one another, newest first, also when entries are added in between', async () => {
    const erased = await eraseSome(5);
    const first = await client.audit.listAuditEntries({ pageSize: 2 });
    await eraseSome(1);
    const second = await client.audit.listAuditEntries({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await client.audit.listAuditEntries({ pageSize: 2, pageToken: second.nextPageToken });

    const all = [first, second, third].flatMap(({ entries }) => targets(entries));
    expect(all).toEqual(erased.toReversed());
    expect(third.nextPageToken).toBe('');
    expect(first.totalSize).toBe(5);
  });

  test('keep one order of entries of one instant', async () => {
    const userIds = [await createUser(client), await createUser(client), await createUser(client)];
    for (const userId of userIds) {
      await client.users.eraseUser({ userId });
    }
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await client.audit.listAuditEntries({ pageSize: 1, pageToken });
      seen.push(...targets(page.entries));
      pageToken = page.nextPageToken;
    } while (pageToken);
    expect(seen.toSorted()).toEqual(userIds.toSorted());
  });

  test('accept tokens of their filter only', async () => {
    const [userId] = await eraseSome(3);
    const { nextPageToken } = await client.audit.listAuditEntries({ pageSize: 1 });
    await expectRefusal(
      client.audit.listAuditEntries({ pageToken: nextPageToken, userId }),
      'PAGE_TOKEN_INVALID',
    );
  });
});

describe('a filter', () => {
  test('selects by target, by athlete and by action', async () => {
    const [first, second] = await eraseSome(2);
    const list = async (filter: object) => targets((await client.audit.listAuditEntries(filter)).entries);
    expect(await list({ targetId: first?.toUpperCase() })).toEqual([first]);
    expect(await list({ userId: second })).toEqual([second]);
    expect(await list({ action: 'EraseUser' })).toEqual([second, first]);
    expect(await list({ action: 'SetLiftMax' })).toEqual([]);
    expect(await list({ targetId: first, userId: second })).toEqual([]);
    expect(await list({ targetId: uuidv7() })).toEqual([]);
  });

  test('selects by time, from the start to before the end', async () => {
    const erased = await eraseSome(4);
    const { entries, totalSize } = await client.audit.listAuditEntries({
      startTime: timeAfter(2n),
      endTime: timeAfter(4n),
    });
    expect(targets(entries)).toEqual([erased[2], erased[1]]);
    expect(totalSize).toBe(2);
  });

  test('is refused when it is malformed', async () => {
    await expectRefusal(client.audit.listAuditEntries({ userId: 'x' }), 'VALIDATION_FAILED', ['user_id']);
    const startTime = timestampFromDate(new Date());
    await expectRefusal(client.audit.listAuditEntries({ startTime, pageToken: 'x' }), 'PAGE_TOKEN_INVALID');
  });
});
