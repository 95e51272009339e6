/** GetLiftMax, ListLiftMaxes, ListLiftMaxVersions and SetLiftMax: reference numbers, as they are and were. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { LiftMaxSource } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { linear } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const NOW = instantFromText('2026-03-01T10:00:00.123456Z');
const { ONE_RM, TRAINING_MAX, ESTIMATED_ONE_RM } = MaxType;

async function createLifter() {
  const trainee = await createTrainee(
    db.database,
    { lifts: { squat: '100', bench: null }, rules: [linear()] },
    { clock: () => NOW },
  );
  const { userId } = trainee.athlete;
  const maxOf = (slug: string, maxType: MaxType = TRAINING_MAX) => ({
    userId,
    liftId: trainee.liftId(slug),
    maxType,
  });
  return { ...trainee, userId, maxOf };
}

describe('a max set by hand', () => {
  test('is the next version, with actor, time and reason', async () => {
    const { client, maxOf, athlete, userId } = await createLifter();

    const { liftMax } = await client.setLiftMax({ ...maxOf('squat'), value: '0120.50', reason: 'a meet' });

    expect(liftMax).toMatchObject({
      ...maxOf('squat'),
      value: '120.5',
      version: 2,
      source: LiftMaxSource.MANUAL,
      reason: 'a meet',
      effectiveAt: instantToTimestamp(NOW),
      recordedAt: instantToTimestamp(NOW),
    });
    expect(await client.getLiftMax(maxOf('squat'))).toEqual({
      ...(await client.getLiftMax(maxOf('squat'))),
      liftMax,
    });
    expect(await rowsOf(db.database, athlete.accountId, 'audit_log')).toMatchObject([
      {
        action: 'SetLiftMax',
        actor: TEST_ACTOR,
        target_type: 'lift_max',
        user_id: userId,
        reason: 'a meet',
        before: { version: 1, value: '100', liftId: maxOf('squat').liftId, maxType: 'TRAINING_MAX' },
        after: { version: 2, value: '120.5', liftId: maxOf('squat').liftId, maxType: 'TRAINING_MAX' },
      },
    ]);
  });

  test('is the first version when there was none, for each type separately', async () => {
    const { client, maxOf, athlete } = await createLifter();

    for (const maxType of [TRAINING_MAX, ONE_RM, ESTIMATED_ONE_RM]) {
      const { liftMax } = await client.setLiftMax({
        ...maxOf('bench', maxType),
        value: String(60 + maxType),
      });
      expect(liftMax).toMatchObject({ version: 1, value: String(60 + maxType) });
    }
    expect(await rowsOf(db.database, athlete.accountId, 'audit_log')).toMatchObject([
      { before: null },
      { before: null },
      { before: null },
    ]);
  });

  test('is the value from which the next event starts', async () => {
    const { client, maxOf, startSession } = await createLifter();
    await client.setLiftMax({ ...maxOf('squat'), value: '99.999999' });

    expect(await startSession().finish('squat')).toContain('linear squat 99.999999 → 102.499999');
  });

  test('may be 0 or of twelve digits', async () => {
    const { client, maxOf } = await createLifter();

    for (const value of ['0', '999999999999.999999']) {
      expect((await client.setLiftMax({ ...maxOf('squat'), value })).liftMax?.value).toBe(value);
    }
  });

  test.each<[string, object, string]>([
    ['a negative value', { value: '-1' }, 'value'],
    ['no value', { value: '' }, 'value'],
    ['a value of 13 digits', { value: '1000000000000' }, 'value'],
    ['a value of 7 decimals', { value: '1.0000001' }, 'value'],
    ['a value in scientific notation', { value: '1e2' }, 'value'],
    ['no max type', { maxType: MaxType.UNSPECIFIED }, 'max_type'],
    ['an unknown max type', { maxType: 9 }, 'max_type'],
    ['a reason of 1001 characters', { reason: 'x'.repeat(1001) }, 'reason'],
  ])('is refused with %s', async (_, wrong, field) => {
    const { client, maxOf } = await createLifter();

    await expectRefusedUnchanged(
      db.database,
      () => client.setLiftMax({ ...maxOf('squat'), value: '120', ...wrong }),
      'VALIDATION_FAILED',
      [field],
    );
  });

  test('is refused for a lift that does not exist', async () => {
    const { client, maxOf } = await createLifter();
    const max = { ...maxOf('squat'), liftId: uuidv7() };

    await expectRefusedUnchanged(
      db.database,
      () => client.setLiftMax({ ...max, value: '120' }),
      'LIFT_NOT_FOUND',
    );
  });
});

describe('a max that is read', () => {
  test('is not found when it does not exist', async () => {
    const { client, maxOf } = await createLifter();

    await expectRefusal(client.getLiftMax(maxOf('bench')), 'LIFT_MAX_NOT_FOUND');
    await expectRefusal(client.getLiftMax(maxOf('squat', ONE_RM)), 'LIFT_MAX_NOT_FOUND');
    await expectRefusal(client.getLiftMax(maxOf('squat', MaxType.UNSPECIFIED)), 'VALIDATION_FAILED', [
      'max_type',
    ]);
  });

  test('is listed in its current version, page by page', async () => {
    const { client, maxOf, userId, startSession } = await createLifter();
    await client.setLiftMax({ ...maxOf('bench', ONE_RM), value: '80' });
    await client.setLiftMax({ ...maxOf('bench'), value: '60' });
    await startSession().finish('squat bench');

    const first = await client.listLiftMaxes({ userId, pageSize: 2 });
    const second = await client.listLiftMaxes({ userId, pageSize: 2, pageToken: first.nextPageToken });

    const all = [...first.liftMaxes, ...second.liftMaxes];
    expect(all.map(({ value, version }) => `${value} v${version}`).toSorted()).toEqual([
      '102.5 v2',
      '62.5 v2',
      '80 v1',
    ]);
    expect([first.totalSize, second.totalSize, second.nextPageToken]).toEqual([3, 3, '']);
    expect((await client.listLiftMaxes({ userId })).liftMaxes).toEqual(all);
  });

  test('is listed in all its versions, newest first, page by page', async () => {
    const { client, maxOf, startSession } = await createLifter();
    await startSession().finish('squat');
    await client.setLiftMax({ ...maxOf('squat'), value: '90' });
    await startSession().finish('squat');

    const first = await client.listLiftMaxVersions({ ...maxOf('squat'), pageSize: 3 });
    const { nextPageToken } = first;
    const second = await client.listLiftMaxVersions({
      ...maxOf('squat'),
      pageSize: 3,
      pageToken: nextPageToken,
    });

    const all = [...first.liftMaxes, ...second.liftMaxes];
    const { MANUAL, PROGRESSION } = LiftMaxSource;
    expect(all.map(({ version, value, source }) => [version, value, source])).toEqual([
      [4, '92.5', PROGRESSION],
      [3, '90', MANUAL],
      [2, '102.5', PROGRESSION],
      [1, '100', MANUAL],
    ]);
    expect([first.totalSize, second.nextPageToken]).toEqual([4, '']);
    expect(await client.listLiftMaxVersions(maxOf('bench'))).toMatchObject({ liftMaxes: [], totalSize: 0 });
  });

  test('is continued only with a page token of the same list', async () => {
    const { client, maxOf, userId } = await createLifter();
    await client.setLiftMax({ ...maxOf('squat'), value: '90' });
    await client.setLiftMax({ ...maxOf('squat', ONE_RM), value: '120' });
    const { nextPageToken: pageToken } = await client.listLiftMaxVersions({ ...maxOf('squat'), pageSize: 1 });

    await expectRefusal(
      client.listLiftMaxVersions({ ...maxOf('squat', ONE_RM), pageToken }),
      'PAGE_TOKEN_INVALID',
    );
    await expectRefusal(client.listLiftMaxes({ userId, pageToken }), 'PAGE_TOKEN_INVALID');
    await expectRefusal(client.listLiftMaxes({ userId, pageToken: 'x' }), 'PAGE_TOKEN_INVALID');
    await expectRefusal(client.listLiftMaxes({ userId, pageSize: 501 }), 'VALIDATION_FAILED', ['page_size']);
  });
});
