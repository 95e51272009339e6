/** PreviewTrigger: the athletes that a filter matches today. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPreviewCache } from '../../../src/automation/inspection/preview-cache.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  NOON,
} from '../evaluation/automated-account.ts';

const VIP = { field: 'tags', operator: 'contains', value: 'vip' };

const db = useTestDatabase();
let account: AutomatedAccount;
let client: AutomationClient;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  client = createAutomationClient(db.database, { accountId: account.accountId, clock: () => NOON });
});

function stored(triggerId: string) {
  return { target: { case: 'triggerId' as const, value: triggerId } };
}

describe('a preview', () => {
  test('counts exactly the matching athletes, and returns ten of them with redacted names', async () => {
    for (let made = 0; made < 12; made += 1) {
      await account.addAthlete({ tags: ['vip'] });
    }
    await account.addAthlete({ tags: ['basic'] });
    await account.addAthlete({ tags: ['vip'], deleted_at: NOON });
    const { triggerId } = await account.addWorkflow({ filters: allOf(VIP) });

    const answer = await client.triggers.previewTrigger(stored(triggerId));

    expect(answer).toMatchObject({ estimatedCount: 12, approximate: false, undecidedPaths: [] });
    expect(answer.sampleUsers.map(({ name }) => name)).toEqual(Array(10).fill('A•••'));
    expect(new Set(answer.sampleUsers.map(({ userId }) => userId)).size).toBe(10);
  });

  test('looks at a bounded number of athletes, those that were added last, and says so', async () => {
    const [first] = [
      await account.addAthlete({ tags: ['vip'] }),
      await account.addAthlete({ tags: ['basic'] }),
    ];
    const last = await account.addAthlete({ tags: ['vip'], time_zone: 'Europe/Berlin' });
    await account.addAthlete({ tags: ['vip'], deleted_at: NOON });
    const { triggerId } = await account.addWorkflow({ filters: allOf(VIP) });
    const preview = (examinedAthletes: number) => {
      const { accountId } = account;
      const limited = { accountId, clock: () => NOON, limits: { examinedAthletes } };
      return createAutomationClient(db.database, limited).triggers.previewTrigger(stored(triggerId));
    };

    expect(await preview(3)).toMatchObject({
      ...{ estimatedCount: 2, examinedCount: 3, hasMore: false },
      sampleUsers: [{ userId: first }, { userId: last }],
    });
    expect(await preview(2)).toMatchObject({
      ...{ estimatedCount: 1, examinedCount: 2, hasMore: true },
      sampleUsers: [{ userId: last }],
    });
  });

  test('lists the conditions that need an event, and counts them as met', async () => {
    await account.addAthlete({ tags: ['vip'] });
    await account.addAthlete();
    const { triggerId } = await account.addWorkflow({
      event: 'tag_added',
      filters: allOf(VIP, { field: 'tag', operator: 'equals', value: 'gold' }),
      settings: { configuration: { tag: 'gold' } },
    });

    expect(await client.triggers.previewTrigger(stored(triggerId))).toMatchObject({
      estimatedCount: 1,
      approximate: true,
      undecidedPaths: ['filter.conditions[1]', 'settings.configuration.tag'],
    });
  });

  test('validates a trigger that is not stored', async () => {
    await account.addAthlete({ tags: ['vip'] });
    await account.addAthlete();
    const preview = (operator: string) =>
      client.triggers.previewTrigger({
        target: {
          case: 'trigger',
          value: {
            triggerEvent: 'session_completed',
            filter: {
              conditions: [
                { field: 'tags', operator, value: { kind: { case: 'stringValue', value: 'vip' } } },
              ],
            },
          },
        },
      });

    expect(await preview('contains')).toMatchObject({ estimatedCount: 1 });
    await expect(preview('resembles')).rejects.toThrow(/trigger.filter.conditions\[0\].operator/);
  });

  test('reads dates in each athlete’s time zone', async () => {
    await account.rows(sql`insert into field_definitions (account_id, path, type)
      values (${account.accountId}, 'custom.joined_on', 'date')`);
    const attributes = { joined_on: '2026-03-03' };
    const ahead = await account.addAthlete({ attributes, time_zone: 'Pacific/Kiritimati' });
    await account.addAthlete({ attributes });
    const { triggerId } = await account.addWorkflow({
      filters: allOf({ field: 'custom.joined_on', operator: 'in_last', value: '1d' }),
    });

    const { sampleUsers } = await client.triggers.previewTrigger(stored(triggerId));

    expect(sampleUsers.map(({ userId }) => userId)).toEqual([ahead]);
  });

  test('is cached briefly, until the trigger changes', async () => {
    await account.addAthlete({ tags: ['vip'] });
    const ids = await account.addWorkflow({ filters: allOf(VIP) });
    const count = async () => (await client.triggers.previewTrigger(stored(ids.triggerId))).estimatedCount;
    expect(await count()).toBe(1);
    await account.addAthlete({ tags: ['vip'] });

    expect(await count()).toBe(1);
    await account.changeTrigger(ids, { filters: {} });
    expect(await count()).toBe(2);
  });

  test('of an unreadable trigger, or a trigger of another account, is refused', async () => {
    const damaged = await account.addWorkflow({ filters: { logic: 'XOR' } });
    const stranger = createAutomationClient(db.database);

    await expect(client.triggers.previewTrigger(stored(damaged.triggerId))).rejects.toThrow(/filter.logic/);
    await expect(client.triggers.previewTrigger(stored(uuidv7()))).rejects.toThrow(/does not exist/);
    await expect(stranger.triggers.previewTrigger(stored(damaged.triggerId))).rejects.toThrow(
      /does not exist/,
    );
  });
});

describe('the preview cache', () => {
  const preview = {
    ...{ count: 1, samples: [], undecidedPaths: [] },
    examined: 1,
    hasMore: false,
    computedAt: NOON,
  };

  test('drops expired previews, and the oldest preview when it is full', async () => {
    const expiring = createPreviewCache({ previewMs: 0, keptPreviews: 2 });
    await expiring.set('a', preview);
    expect(await expiring.get('a')).toBeUndefined();

    const small = createPreviewCache({ previewMs: 60_000, keptPreviews: 2 });
    for (const key of ['a', 'b', 'a', 'c']) {
      await small.set(key, preview);
    }
    const kept = await Promise.all(['a', 'b', 'c'].map((key) => small.get(key)));
    expect(kept).toEqual([preview, undefined, preview]);
  });
});
