/** Lifts over the wire. */
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { instantFromText } from '../../src/values/instant.ts';
import {
  type CatalogClient,
  createCatalogClient,
  expectRefusal,
  WITHOUT_REQUEST_ID,
} from '../support/catalog-client.ts';
import { createLifts, createProgram, present } from '../support/catalog-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();
let client: CatalogClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createCatalogClient(db.database);
});

describe('a lift', () => {
  it('is read as it was created, to the microsecond', async () => {
    const created = await client.programs.createLift({ slug: 'bench-press', name: 'Bench press' });

    const read = await client.programs.getLift({ liftId: created.lift?.id ?? '' });

    expect(read.lift).toEqual(created.lift);
    expect(read.lift).toMatchObject({
      slug: 'bench-press',
      name: 'Bench press',
      createdAt: { seconds: 1772359200n, nanos: 123456000 },
      updatedAt: { seconds: 1772359200n, nanos: 123456000 },
    });
  });

  it('has a slug that no other live lift of the account has', async () => {
    const { squat } = await createLifts(client, 'squat', 'deadlift');

    await expectRefusal(client.programs.createLift({ slug: 'squat', name: 'Another' }), 'SLUG_TAKEN');
    await expectRefusal(client.programs.updateLift({ liftId: squat, slug: 'deadlift' }), 'SLUG_TAKEN');
    await client.programs.deleteLift({ liftId: squat });
    await client.programs.createLift({ slug: 'squat', name: 'Another' });
    await createCatalogClient(db.database).programs.createLift({
      slug: 'deadlift',
      name: 'Of another account',
    });
  });

  it('changes the fields that an update sets, and keeps the rest', async () => {
    const { row } = await createLifts(client, 'row');
    const later = createCatalogClient(db.database, {
      accountId: client.accountId,
      clock: () => instantFromText('2026-03-02T00:00:00Z'),
    });

    await later.programs.updateLift({ liftId: row, name: 'Pendlay row' });
    const renamed = await later.programs.updateLift({ liftId: row, slug: 'pendlay-row' });

    expect(renamed.lift).toMatchObject({ slug: 'pendlay-row', name: 'Pendlay row' });
    expect(renamed.lift?.createdAt?.seconds).toBe(1772359200n);
    expect(renamed.lift?.updatedAt?.seconds).toBe(1772409600n);
    expect((await client.programs.getLift({ liftId: row })).lift).toEqual(renamed.lift);
  });

  it('is not found after its deletion', async () => {
    const { row } = await createLifts(client, 'row');

    await client.programs.deleteLift({ liftId: row });

    await expectRefusal(client.programs.getLift({ liftId: row }), 'LIFT_NOT_FOUND');
    await expectRefusal(client.programs.updateLift({ liftId: row, name: 'Row' }), 'LIFT_NOT_FOUND');
    await expectRefusal(client.programs.deleteLift({ liftId: row }), 'LIFT_NOT_FOUND');
    expect((await client.programs.listLifts({})).totalSize).toBe(0);
  });

  it('cannot be deleted while a live program contains it', async () => {
    const { squat } = await createLifts(client, 'squat');
    const program = await createProgram(client, { liftIds: [squat] });

    await expectRefusal(client.programs.deleteLift({ liftId: squat }), 'IN_USE');
    await client.programs.deleteProgram({ programId: program.id });
    await client.programs.deleteLift({ liftId: squat });
  });

  it('cannot be added to a program while it is being deleted', async () => {
    const { squat } = await createLifts(client, 'squat');

    const [deleted, created] = await Promise.allSettled([
      client.programs.deleteLift({ liftId: squat }),
      createProgram(client, { liftIds: [squat] }),
    ]);

    expect([deleted.status, created.status].toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('does not exist for another account', async () => {
    const { squat } = await createLifts(client, 'squat');
    const other = createCatalogClient(db.database);

    await expectRefusal(other.programs.getLift({ liftId: squat }), 'LIFT_NOT_FOUND');
    await expectRefusal(other.programs.updateLift({ liftId: squat, name: 'Mine' }), 'LIFT_NOT_FOUND');
    await expectRefusal(other.programs.deleteLift({ liftId: squat }), 'LIFT_NOT_FOUND');
    await expectRefusal(
      other.programs.createProgram({ slug: 'p', name: 'P', liftIds: [squat] }),
      'LIFT_NOT_FOUND',
    );
    expect((await other.programs.listLifts({})).lifts).toEqual([]);
  });

  it.each(['Bench', 'bench press', '-bench', 'bench-', 'bench--press', ''])(
    'cannot have the slug %j',
    async (slug) => {
      await expectRefusal(client.programs.createLift({ slug, name: 'Bench' }), 'VALIDATION_FAILED', ['slug']);
    },
  );
});

describe('the list of lifts', () => {
  it('is ordered by slug, page by page, with the total number', async () => {
    await createLifts(client, 'deadlift', 'bench-press', 'squat', 'overhead-press', 'row');

    const slugs: string[][] = [];
    let pageToken = '';
    do {
      const page = await client.programs.listLifts({ pageSize: 2, pageToken });
      slugs.push(page.lifts.map(({ slug }) => slug));
      expect(page.totalSize).toBe(5);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    expect(slugs).toEqual([['bench-press', 'deadlift'], ['overhead-press', 'row'], ['squat']]);
  });

  it('can end with a full page', async () => {
    await createLifts(client, 'bench-press', 'squat');

    const page = await client.programs.listLifts({ pageSize: 2 });

    expect(page.lifts).toHaveLength(2);
    expect(page.nextPageToken).toBe('');
  });

  it('neither repeats nor loses a lift when others are added and deleted between pages', async () => {
    const ids = await createLifts(client, 'b', 'd', 'f');
    const first = await client.programs.listLifts({ pageSize: 2 });

    await createLifts(client, 'a', 'e');
    await client.programs.deleteLift({ liftId: ids.d });
    const second = await client.programs.listLifts({ pageSize: 2, pageToken: first.nextPageToken });

    expect(second.lifts.map(({ slug }) => slug)).toEqual(['e', 'f']);
  });

  it('has 50 lifts on a page by default', async () => {
    const slugs = Array.from({ length: 51 }, (_, index) => `lift-${index + 100}`);
    await Promise.all(slugs.map((slug) => createLifts(client, slug)));

    const first = await client.programs.listLifts({});
    const second = await client.programs.listLifts({ pageToken: first.nextPageToken });

    expect([first.lifts.length, second.lifts.length, second.totalSize]).toEqual([50, 1, 51]);
  });

  it('refuses page tokens of other lists, of other accounts and of no list at all', async () => {
    await createLifts(client, 'a', 'b');
    const { nextPageToken } = await client.programs.listLifts({ pageSize: 1 });
    const other = createCatalogClient(db.database);

    const calls = [
      client.programs.listLifts({ pageToken: 'garbage' }),
      client.programs.listPrograms({ pageToken: nextPageToken }),
      other.programs.listLifts({ pageToken: nextPageToken }),
    ];

    await Promise.all(calls.map((call) => expectRefusal(call, 'PAGE_TOKEN_INVALID')));
  });
});

describe('a writing call', () => {
  it('needs a request ID', async () => {
    const call = client.programs.createLift({ slug: 'squat', name: 'Squat' }, WITHOUT_REQUEST_ID);
    await expectRefusal(call, 'REQUEST_ID_REQUIRED');
  });

  it('is executed once per request ID, and is answered the same again', async () => {
    const headers = { 'idempotency-key': uuidv7() };
    const replayed: (string | null)[] = [];
    const onHeader = (answer: Headers) => replayed.push(answer.get('idempotency-replayed'));

    const first = await client.programs.createLift({ slug: 'squat', name: 'Squat' }, { headers, onHeader });
    await client.programs.deleteLift({ liftId: present(first.lift).id });
    const second = await client.programs.createLift({ slug: 'squat', name: 'Squat' }, { headers, onHeader });

    expect(second).toEqual(first);
    expect(replayed).toEqual([null, 'true']);
    expect((await client.programs.listLifts({})).totalSize).toBe(0);
    const reused = client.programs.createLift({ slug: 'deadlift', name: 'Deadlift' }, { headers });
    await expectRefusal(reused, 'REQUEST_ID_REUSED');
  });
});
