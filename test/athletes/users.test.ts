/** Users over the wire. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { instantFromText } from '../../src/values/instant.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createProgram, createUser, present } from '../support/catalog-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();
let client: CatalogClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createCatalogClient(db.database);
});

describe('a user', () => {
  it('is read as it was created', async () => {
    const profile = { name: 'Ünal', timeZone: 'Europe/Berlin', birthDate: '1992-02-29' };
    const created = await client.users.createUser(profile);

    const read = await client.users.getUser({ userId: present(created.user).id });

    expect(read.user).toEqual(created.user);
    expect(read.user).toMatchObject({ ...profile, createdAt: { seconds: 1772359200n, nanos: 123456000 } });
  });

  it('has no time zone and no birth date of its own when none is given', async () => {
    const { user } = await client.users.createUser({ name: 'A' });
    expect(user).toMatchObject({ timeZone: '', birthDate: '' });
    expect((await client.users.getUser({ userId: present(user).id })).user).toEqual(user);
  });

  it("may have the caller's id, in lower case, once in the account", async () => {
    const userId = uuidv7();

    const { user } = await client.users.createUser({ userId: userId.toUpperCase(), name: 'A' });

    expect(user?.id).toBe(userId);
    await expectRefusal(client.users.createUser({ userId, name: 'B' }), 'USER_EXISTS');
    await client.users.deleteUser({ userId });
    await expectRefusal(client.users.createUser({ userId, name: 'B' }), 'USER_EXISTS');
    await createCatalogClient(db.database).users.createUser({ userId, name: 'Of another account' });
  });

  it.each(['Mars/Olympus', '+02:00', '02:00', 'Europe/Berlin ', 'x'])(
    'lives in no zone %j',
    async (timeZone) => {
      const userId = await createUser(client);
      const calls = [
        client.users.createUser({ name: 'A', timeZone }),
        client.users.updateUser({ userId, timeZone }),
      ];
      await Promise.all(calls.map((call) => expectRefusal(call, 'VALIDATION_FAILED', ['time_zone'])));
    },
  );

  it.each(['UTC', 'America/Argentina/Buenos_Aires', 'US/Eastern'])(
    'may have the time zone %s',
    async (timeZone) => {
      const { user } = await client.users.createUser({ name: 'A', timeZone });
      expect(user?.timeZone).toBe(timeZone);
    },
  );

  it.each(['1994-02-29', '1994-13-01', '1994-00-10', '1994-04-31', '0000-01-01', '2026-03-02'])(
    'was not born on %s',
    async (birthDate) => {
      const userId = await createUser(client);
      const calls = [
        client.users.createUser({ name: 'A', birthDate }),
        client.users.updateUser({ userId, birthDate }),
      ];
      await Promise.all(calls.map((call) => expectRefusal(call, 'VALIDATION_FAILED', ['birth_date'])));
    },
  );

  it('is refused with every violation at once', async () => {
    const call = client.users.createUser({ name: 'A', timeZone: 'Nowhere', birthDate: '2027-01-01' });
    await expectRefusal(call, 'VALIDATION_FAILED', ['time_zone', 'birth_date']);
    await expect(call).rejects.toThrow('must not be in the future; was "2027-01-01"');
    await expect(call).rejects.toThrow('such as Europe/Berlin; was "Nowhere"');
  });

  it('may have been born today', async () => {
    const { user } = await client.users.createUser({ name: 'A', birthDate: '2026-03-01' });
    expect(user?.birthDate).toBe('2026-03-01');
  });

  it('changes the fields that an update sets, and keeps the rest', async () => {
    const profile = { name: 'A', timeZone: 'Asia/Tokyo', birthDate: '1990-01-02' };
    const { user } = await client.users.createUser(profile);
    const userId = present(user).id;
    const later = createCatalogClient(db.database, {
      accountId: client.accountId,
      clock: () => instantFromText('2026-03-02T00:00:00Z'),
    });

    const kept = await later.users.updateUser({ userId });
    const renamed = await later.users.updateUser({ userId, name: 'B', timeZone: 'UTC' });
    const cleared = await later.users.updateUser({ userId, timeZone: '', birthDate: '' });

    expect(kept.user).toMatchObject({ ...profile, updatedAt: { seconds: 1772409600n } });
    expect(renamed.user).toMatchObject({ name: 'B', timeZone: 'UTC', birthDate: '1990-01-02' });
    expect(cleared.user).toMatchObject({ name: 'B', timeZone: '', birthDate: '' });
    expect((await client.users.getUser({ userId })).user).toEqual(cleared.user);
  });

  it('is not found after its deletion', async () => {
    const userId = await createUser(client);

    await client.users.deleteUser({ userId });

    const calls = [
      client.users.getUser({ userId }),
      client.users.updateUser({ userId, name: 'B' }),
      client.users.deleteUser({ userId }),
      client.programs.getEnrollment({ userId }),
      createCatalogClient(db.database).users.getUser({ userId }),
    ];
    await Promise.all(calls.map((call) => expectRefusal(call, 'USER_NOT_FOUND')));
    expect((await client.users.listUsers({})).totalSize).toBe(0);
  });

  it('quits its programs when it is deleted, so that they can be deleted', async () => {
    const userId = await createUser(client);
    const paused = await createProgram(client, { slug: 'paused' });
    const active = await createProgram(client, { slug: 'active' });
    await client.programs.enrollUser({ userId, programId: paused.id });
    await client.programs.unenrollUser({ userId, status: 2 });
    await client.programs.enrollUser({ userId, programId: active.id });

    await client.users.deleteUser({ userId });

    const { rows } = await db.database.transaction(client.accountId, (tx) =>
      sql`select status, ended_at is not null as ended from enrollments where user_id = ${userId}`.execute(
        tx.sql,
      ),
    );
    expect(rows).toEqual([
      { status: 'QUIT', ended: true },
      { status: 'QUIT', ended: true },
    ]);
    await client.programs.deleteProgram({ programId: active.id });
    await client.programs.deleteProgram({ programId: paused.id });
  });
});

describe('the list of users', () => {
  it('is ordered by name, then id, also through equal names', async () => {
    const [b1, a, b2, c] = [
      await createUser(client, 'B'),
      await createUser(client, 'A'),
      await createUser(client, 'B'),
      await createUser(client, 'C'),
    ];

    const ids: string[] = [];
    let pageToken = '';
    do {
      const page = await client.users.listUsers({ pageSize: 1, pageToken });
      ids.push(...page.users.map(({ id }) => id));
      expect(page.totalSize).toBe(4);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    expect(ids).toEqual([a, ...[b1, b2].toSorted(), c]);
  });

  it.each([
    ['nov', ['Novak', 'Old Novice']],
    ['OLD', ['Old Novice']],
    ['100%', ['100% Ready']],
    ['%', ['100% Ready']],
    ['_', []],
    ['\\', ['Back\\slash']],
    ['zzz', []],
  ])('has for %j the names with this text in them', async (nameContains, expected) => {
    for (const name of ['Old Novice', 'Novak', '100% Ready', 'Back\\slash']) {
      await createUser(client, name);
    }

    const { users, totalSize } = await client.users.listUsers({ nameContains });

    expect(users.map(({ name }) => name)).toEqual(expected);
    expect(totalSize).toBe(expected.length);
  });

  it('goes on through a search, and only through the same one', async () => {
    for (const name of ['Ab 1', 'Ab 2', 'Ab 3', 'Cd 1']) {
      await createUser(client, name);
    }
    const first = await client.users.listUsers({ nameContains: 'ab', pageSize: 2 });
    const pageToken = first.nextPageToken;

    const second = await client.users.listUsers({ nameContains: 'ab', pageSize: 2, pageToken });

    expect(second.users.map(({ name }) => name)).toEqual(['Ab 3']);
    expect(second.nextPageToken).toBe('');
    await expectRefusal(client.users.listUsers({ nameContains: 'b', pageToken }), 'PAGE_TOKEN_INVALID');
    await expectRefusal(client.users.listUsers({ nameContains: 'x'.repeat(201) }), 'VALIDATION_FAILED', [
      'name_contains',
    ]);
  });

  it('refuses an invalid token, and more than 500 on a page', async () => {
    await expectRefusal(client.users.listUsers({ pageToken: 'x' }), 'PAGE_TOKEN_INVALID');
    await expectRefusal(client.users.listUsers({ pageSize: 501 }), 'VALIDATION_FAILED', ['page_size']);
  });
});
