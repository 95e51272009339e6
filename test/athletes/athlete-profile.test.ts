/** Tags, attributes and the opt-out, over the wire; and the events of a profile. */

import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setAttribute } from '../../src/athletes/attributes.ts';
import { addTag, removeTag } from '../../src/athletes/tags.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Change } from '../../src/store/change.ts';
import type { Transaction } from '../../src/store/database.ts';
import { getUser } from '../../src/store/lock-user.ts';
import { instantFromText } from '../../src/values/instant.ts';
import { readRows } from '../store/schema-dump.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createProgram, createUser, present } from '../support/catalog-fixtures.ts';
import { expectWaiting } from '../support/held-athlete.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { factsAbout, forgetFacts } from './athlete-facts.ts';

const db = useTestDatabase();
let client: CatalogClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createCatalogClient(db.database);
});

type Attributes = NonNullable<Parameters<CatalogClient['users']['updateUser']>[0]['attributes']>;

const LIMITS = readConfig({}).limits;

/** A change as a workflow makes it. */
function changeIn(tx: Transaction): Change {
  const now = instantFromText('2026-03-02T00:00:00Z');
  return { tx, now, actor: 'workflow', origin: { actor: 'AUTOMATION', cause: null } };
}

const told = (userId: string) => factsAbout(db.database, client, userId);

async function defineField(path: string, type: string) {
  await db.database.ensureAccount(client.accountId);
  await db.database.transaction(client.accountId, (tx) =>
    sql`insert into field_definitions (account_id, path, type)
        values (${client.accountId}, ${path}, ${type})`.execute(tx.sql),
  );
}

/** An athlete without facts. */
async function quietUser(tags: string[] = [], attributes: Attributes = {}): Promise<string> {
  const { user } = await client.users.createUser({ name: 'An athlete', tags, attributes });
  await forgetFacts(db.database, client);
  return present(user).id;
}

describe('tags', () => {
  test('stay in the order of their first use, each once', async () => {
    const { user } = await client.users.createUser({ name: 'A', tags: ['vip', 'new', 'vip'] });
    expect(user?.tags).toEqual(['vip', 'new']);

    const update = { userId: present(user).id, addTags: ['new', 'a', 'a'], removeTags: ['vip', 'none'] };
    expect((await client.users.updateUser(update)).user?.tags).toEqual(['new', 'a']);
    expect((await client.users.getUser(update)).user?.tags).toEqual(['new', 'a']);
  });

  test('cause one event each, and only those that were added or removed', async () => {
    const userId = await quietUser(['vip', 'new']);

    await client.users.updateUser({ userId, addTags: ['new', 'a', 'b'], removeTags: ['vip', 'none'] });
    await client.users.updateUser({ userId, addTags: ['a'], removeTags: ['none'] });

    expect(await told(userId)).toEqual([
      ['tag_removed', { tag: 'vip' }],
      ['tag_added', { tag: 'a' }],
      ['tag_added', { tag: 'b' }],
    ]);
  });

  test('are compared in Unicode normal form', async () => {
    const userId = await quietUser(['Z\u00fcrich']);
    const { user } = await client.users.updateUser({ userId, addTags: ['Zu\u0308rich'] });
    expect(user?.tags).toEqual(['Z\u00fcrich']);
    expect(await told(userId)).toEqual([]);
  });

  test.each(['', ' a', 'a ', 'a\nb', '\u0007', 'x'.repeat(101)])('cannot be %j', async (tag) => {
    const userId = await quietUser();
    const created = client.users.createUser({ name: 'A', tags: ['fine', tag] });
    await expectRefusal(created, 'VALIDATION_FAILED', ['tags[1]']);
    const updated = client.users.updateUser({ userId, addTags: [tag], removeTags: ['fine', tag] });
    await expectRefusal(updated, 'VALIDATION_FAILED', ['add_tags[0]', 'remove_tags[1]', 'remove_tags[1]']);
    expect(await told(userId)).toEqual([]);
  });

  test('cannot have NUL', async () => {
    const userId = await quietUser();
    const updated = client.users.updateUser({ userId, addTags: ['a\0b'], removeTags: ['fine', 'a\0'] });
    await expectRefusal(updated, 'VALIDATION_FAILED', ['add_tags[0]', 'remove_tags[1]']);
    expect(await told(userId)).toEqual([]);
  });

  test('are at most 100, each of 100 characters at most', async () => {
    const many = Array.from({ length: 100 }, (_, index) => `${'🏋'.repeat(97)}${100 + index}`);
    const userId = await quietUser(many);

    await expectRefusal(client.users.updateUser({ userId, addTags: ['more'] }), 'VALIDATION_FAILED', [
      'add_tags',
    ]);
    const swapped = await client.users.updateUser({ userId, addTags: ['x'], removeTags: [`${many[0]}`] });
    expect(swapped.user?.tags).toEqual([...many.slice(1), 'x']);
  });

  test('cannot be added and removed in one call', async () => {
    const userId = await quietUser();
    const call = client.users.updateUser({ userId, addTags: ['a', 'b'], removeTags: ['b'] });
    await expectRefusal(call, 'VALIDATION_FAILED', ['remove_tags[0]']);
  });
});

describe('attributes', () => {
  test('are read as they were set; null removes one', async () => {
    const attributes = { level: 3, goal: 'stronger', injured: false, sports: ['judo', 'row'], none: null };
    const { user } = await client.users.createUser({ name: 'A', attributes });
    const userId = present(user).id;
    expect(user?.attributes).toEqual({ level: 3, goal: 'stronger', injured: false, sports: ['judo', 'row'] });

    const changed = { level: 4, goal: null, coach: 'B' };
    const updated = await client.users.updateUser({ userId, attributes: changed });
    const after = { level: 4, injured: false, sports: ['judo', 'row'], coach: 'B' };
    expect(updated.user?.attributes).toEqual(after);
    expect((await client.users.getUser({ userId })).user?.attributes).toEqual(after);
  });

  test('cause events with their values before and after, as text and as numbers', async () => {
    const userId = await quietUser([], { level: 3, goal: 'stronger', kept: 1 });
    const attributes = { level: '3.50', goal: null, injured: true, sports: ['judo'], kept: 1, none: null };
    await client.users.updateUser({ userId, attributes });

    const absent = { value: null, number_value: null };
    expect(await told(userId)).toEqual([
      [
        'custom_field_changed',
        { field_name: 'level', value: '3.50', number_value: '3.5' },
        { value: '3', number_value: '3' },
      ],
      ['custom_field_changed', { field_name: 'goal', ...absent }, { value: 'stronger', number_value: null }],
      ['custom_field_changed', { field_name: 'injured', value: 'true', number_value: null }, absent],
      ['custom_field_changed', { field_name: 'sports', value: '["judo"]', number_value: null }, absent],
    ]);
  });

  test.each([
    ['Level', 1, 'attributes'],
    ['', 1, 'attributes'],
    ['1st', 1, 'attributes'],
    ['a.b', 1, 'attributes'],
    ['__proto__x', 1, 'attributes'],
    ['a'.repeat(51), 1, 'attributes'],
    ['level', { deep: 1 }, 'attributes.level'],
    ['level', [1], 'attributes.level'],
    ['level', ['a', 'b\0'], 'attributes.level[1]'],
    ['level', 'a\0', 'attributes.level'],
  ] as const)('are not %j: %j', async (name, value, field) => {
    const userId = await quietUser();
    const attributes = { fine: 1, [name]: value } as Attributes;
    const calls = [
      client.users.createUser({ name: 'A', attributes }),
      client.users.updateUser({ userId, attributes }),
    ];
    await Promise.all(calls.map((call) => expectRefusal(call, 'VALIDATION_FAILED', [field])));
  });

  test('may be named like properties of every object', async () => {
    const userId = await quietUser();
    const { user } = await client.users.updateUser({ userId, attributes: { constructor: 'x' } });
    expect(user?.attributes).toEqual({ constructor: 'x' });
    expect(await told(userId)).toEqual([
      [
        'custom_field_changed',
        { field_name: 'constructor', value: 'x', number_value: null },
        { value: null, number_value: null },
      ],
    ]);
  });

  test('with a defined type have values of that type', async () => {
    await defineField('custom.level', 'int');
    await defineField('custom.joined_on', 'date');
    await defineField('answers.goal', 'int');
    const fine = { level: '3', joined_on: '2024-02-29', goal: 'text' };
    const userId = await quietUser([], fine);

    const attributes = { level: 3.5, joined_on: '2023-02-29', goal: true };
    const fields = ['attributes.level', 'attributes.joined_on'];
    await expectRefusal(client.users.updateUser({ userId, attributes }), 'VALIDATION_FAILED', fields);
    await expectRefusal(
      client.users.createUser({ name: 'B', attributes: { joined_on: false } }),
      'VALIDATION_FAILED',
      ['attributes.joined_on'],
    );
    expect((await client.users.getUser({ userId })).user?.attributes).toEqual(fine);
    const cleared = await client.users.updateUser({ userId, attributes: { level: null } });
    expect(cleared.user?.attributes).toEqual({ joined_on: '2024-02-29', goal: 'text' });
  });

  test('from before the definition of their type may stay', async () => {
    const userId = await quietUser([], { level: 'beginner' });
    await defineField('custom.level', 'int');
    const { user } = await client.users.updateUser({ userId, attributes: { level: 'beginner', a: 1 } });
    expect(user?.attributes).toEqual({ level: 'beginner', a: 1 });
  });

  test('are at most 100, and 16 KiB in all', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, index]));
    const full = await quietUser([], many);
    const large = await quietUser([], { text: 'x'.repeat(16 * 1024 - 11) });
    const calls = [
      client.users.createUser({ name: 'A', attributes: { ...many, one: 1 } }),
      client.users.updateUser({ userId: full, attributes: { one: 1 } }),
      client.users.createUser({ name: 'A', attributes: { text: 'x'.repeat(16 * 1024 - 10) } }),
      client.users.updateUser({ userId: large, attributes: { one: 1 } }),
    ];
    await Promise.all(calls.map((call) => expectRefusal(call, 'VALIDATION_FAILED', ['attributes'])));
    const swapped = await client.users.updateUser({ userId: full, attributes: { a0: null, one: 1 } });
    expect(Object.keys(swapped.user?.attributes ?? {})).toHaveLength(100);
  });
});

describe('a profile', () => {
  test('causes contact_created, with its first tags and attributes', async () => {
    const { user } = await client.users.createUser({
      ...{ name: 'Ünal', timeZone: 'Europe/Berlin', birthDate: '1992-02-29' },
      ...{ tags: ['vip'], attributes: { level: 3 } },
    });
    const profile = { name: 'Ünal', time_zone: 'Europe/Berlin', birth_date: '1992-02-29', tags: ['vip'] };
    expect(await told(present(user).id)).toEqual([
      ['contact_created', profile],
      ['tag_added', { tag: 'vip' }],
      [
        'custom_field_changed',
        { field_name: 'level', value: '3', number_value: '3' },
        { value: null, number_value: null },
      ],
    ]);
    const bare = await createUser(client, 'B');
    expect(await told(bare)).toEqual([
      ['contact_created', { name: 'B', time_zone: null, birth_date: null, tags: [] }],
    ]);
  });

  test('causes contact_updated when it changes, with the values before and after', async () => {
    const { user } = await client.users.createUser({ name: 'A', timeZone: 'Asia/Tokyo' });
    const userId = present(user).id;
    await forgetFacts(db.database, client);

    await client.users.updateUser({ userId, name: 'A', timeZone: 'Asia/Tokyo', optedOut: false });
    expect(await told(userId)).toEqual([]);
    await client.users.updateUser({ userId, name: 'B', timeZone: '', birthDate: '1990-01-02' });
    expect(await told(userId)).toEqual([
      [
        'contact_updated',
        {
          changed_fields: ['name', 'birth_date', 'time_zone'],
          ...{ name: 'B', birth_date: '1990-01-02', time_zone: null },
        },
        { name: 'A', birth_date: null, time_zone: 'Asia/Tokyo' },
      ],
    ]);
  });

  test('has the time at which the athlete opted out first', async () => {
    const userId = await quietUser();
    const clock = () => instantFromText('2026-03-02T00:00:00Z');
    const later = createCatalogClient(db.database, { accountId: client.accountId, clock });
    expect((await client.users.updateUser({ userId, optedOut: true })).user?.optedOut).toBe(true);
    expect((await later.users.updateUser({ userId, optedOut: true })).user?.optedOut).toBe(true);
    const since = await readRows(
      db.database,
      sql`select opted_out_at::text as at from users where id = ${userId}`,
    );
    expect(since).toEqual([{ at: '2026-03-01 10:00:00.123456+00' }]);
    expect((await client.users.updateUser({ userId, optedOut: false })).user?.optedOut).toBe(false);
    expect(await told(userId)).toEqual([
      ['contact_updated', { changed_fields: ['opted_out'], opted_out: true }, { opted_out: false }],
      ['contact_updated', { changed_fields: ['opted_out'], opted_out: false }, { opted_out: true }],
    ]);
  });

  test('is changed as other transactions have left it, with one outbox entry', async () => {
    const userId = await quietUser(['a']);
    const { accountId } = client;
    const others = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const other = db.database.transaction(accountId, async (tx) => {
      await addTag(changeIn(tx), userId, 'z', LIMITS);
      await tx.em.flush();
      locked.resolve();
      await others.promise;
    });
    await locked.promise;
    const update = client.users.updateUser({ userId, name: 'B', addTags: ['b'], attributes: { c: 1 } });
    await expectWaiting(db.database, 1);
    others.resolve();
    await other;

    expect((await update).user?.tags).toEqual(['a', 'z', 'b']);
    const { rows } = await db.database.transaction(accountId, (tx) =>
      sql<{ actor: string; types: string[] }>`
        select actor, jsonb_path_query_array(facts, '$[*].type') as types from outbox
        where user_id = ${userId} order by sequence`.execute(tx.sql),
    );
    expect(rows).toEqual([
      { actor: 'AUTOMATION', types: ['tag_added'] },
      { actor: 'COACH', types: ['contact_updated', 'tag_added', 'custom_field_changed'] },
    ]);
  });

  test('causes no event when it is deleted', async () => {
    const userId = await quietUser(['a']);
    await client.users.deleteUser({ userId });
    expect(await told(userId)).toEqual([]);
  });
});

describe('an enrollment', () => {
  test('causes an event when it becomes ACTIVE, and when it is completed', async () => {
    const userId = await quietUser();
    const { id: programId } = await createProgram(client);
    const { enrollment } = await client.programs.enrollUser({ userId, programId });
    const ids = { enrollment_id: enrollment?.id, program_id: programId };
    expect(await told(userId)).toEqual([['program_enrolled', { ...ids, is_resumed: false }]]);

    await forgetFacts(db.database, client);
    await client.programs.unenrollUser({ userId, status: 2 });
    expect(await told(userId)).toEqual([]);
    await client.programs.enrollUser({ userId, programId });
    await client.programs.unenrollUser({ userId, status: 4 });
    expect(await told(userId)).toEqual([
      ['program_enrolled', { ...ids, is_resumed: true }],
      ['program_completed', { ...ids, started_at: '2026-03-01T10:00:00.123456Z' }],
    ]);

    await forgetFacts(db.database, client);
    await expectRefusal(client.programs.unenrollUser({ userId, status: 4 }), 'NOT_ENROLLED');
    await client.programs.enrollUser({ userId, programId });
    await forgetFacts(db.database, client);
    await client.programs.unenrollUser({ userId, status: 3 });
    expect(await told(userId)).toEqual([]);
  });
});

describe('a change by a workflow', () => {
  const within = <T>(work: (change: Change) => Promise<T>) =>
    db.database.transaction(client.accountId, (tx) => work(changeIn(tx)));

  test('causes an event when it changed something, and otherwise none', async () => {
    const userId = await quietUser(['a'], { level: 1 });
    const done = await within(async (change) => [
      await addTag(change, userId, 'a', LIMITS),
      await addTag(change, userId, 'b', LIMITS),
      await addTag(change, userId, 'b', LIMITS),
      await removeTag(change, userId, 'a', LIMITS),
      await removeTag(change, userId, 'a', LIMITS),
      await setAttribute(change, userId, 'level', 1, LIMITS),
      await setAttribute(change, userId, 'level', 2, LIMITS),
      await setAttribute(change, userId, 'none', null, LIMITS),
    ]);

    expect(done).toEqual([false, true, false, true, false, false, true, false]);
    expect((await told(userId)).map(([type]) => type)).toEqual([
      'tag_added',
      'tag_removed',
      'custom_field_changed',
    ]);
    const { user } = await client.users.getUser({ userId });
    expect(user).toMatchObject({ tags: ['b'], attributes: { level: 2 } });
    expect(user?.updatedAt?.seconds).toBe(1772409600n);
  });

  test('uses the athlete’s row as it is under the lock, not as it was read before', async () => {
    const userId = await quietUser(['a']);
    await within(async (change) => {
      await getUser(change.tx, userId);
      await client.users.updateUser({ userId, addTags: ['b'] });
      expect(await addTag(change, userId, 'b', LIMITS)).toBe(false);
      expect(await addTag(change, userId, 'c', LIMITS)).toBe(true);
    });
    expect((await client.users.getUser({ userId })).user?.tags).toEqual(['a', 'b', 'c']);
  });

  test('keeps to the limits of an athlete', async () => {
    const full = Array.from({ length: 100 }, (_, index) => `t${index}`);
    const userId = await quietUser(full);
    await defineField('custom.level', 'int');
    const excesses = [
      (change: Change) => addTag(change, userId, 'one', LIMITS),
      (change: Change) => setAttribute(change, userId, 'level', 'x', LIMITS),
      (change: Change) => setAttribute(change, userId, 'Level', 'x', LIMITS),
    ];
    for (const excess of excesses) {
      await expect(within(excess)).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
    }
    await client.users.deleteUser({ userId });
    await expect(within((change) => addTag(change, userId, 'one', LIMITS))).rejects.toMatchObject({
      reason: 'USER_NOT_FOUND',
    });
  });
});
