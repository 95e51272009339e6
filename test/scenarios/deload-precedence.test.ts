/** A session in several calls: a deload and an increment of one lift max never both apply. */
import { describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import type { RuleFixture } from '../support/fixtures.ts';
import { amrap, deload, linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

function createWith(...rules: RuleFixture[]): Promise<Trainee> {
  return createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
}

const SUPERSEDED = 'SUPERSEDED_BY_DELOAD';

describe('a deload applied with logged sets', () => {
  test('supersedes the increment of their session, and of no other session', async () => {
    const trainee = await createWith(deload(), linear());
    const session = trainee.startSession();

    expect(await session.log('squat 4/5, bench 5/5')).toEqual(['deload squat 100 → 90']);
    expect(await session.finish('squat bench')).toEqual([
      `linear squat ${SUPERSEDED}`,
      'linear bench 60 → 62.5',
    ]);
    expect(await trainee.startSession().finish('squat')).toContain('linear squat 90 → 92.5');
  });

  test('supersedes increments of later sets, also after the session', async () => {
    const trainee = await createWith(deload(), amrap());
    const session = trainee.startSession();

    expect(await session.log('squat 4/5')).toContain('deload squat 100 → 90');
    expect(await session.log('squat 9/5+')).toEqual([`amrap squat ${SUPERSEDED}`]);
    await session.finish('squat');
    expect(await session.log('squat 9/5+')).toEqual([`amrap squat ${SUPERSEDED}`]);
    expect(await trainee.startSession().log('squat 9/5+')).toEqual(['amrap squat 90 → 95']);
  });

  test('does not supersede the increment of another max type', async () => {
    const trainee = await createWith(deload(), linear({ maxType: 'ONE_RM' }));
    const { athlete, client, liftId } = trainee;
    const max = { userId: athlete.userId, liftId: liftId('squat'), maxType: MaxType.ONE_RM };
    await client.setLiftMax({ ...max, value: '120' });

    expect(await trainee.train('squat 4/5')).toEqual([
      'deload squat 100 → 90',
      'linear squat 120 → 122.5',
      'linear bench LIFT_NOT_PERFORMED',
    ]);
  });
});

describe('a deload at the end of the session', () => {
  const atTheEnd = deload({ countBy: 'SESSION' });

  test('is computed from the value before the increments of its sets', async () => {
    const trainee = await createWith(amrap(), atTheEnd);
    const session = trainee.startSession();

    expect(await session.log('squat 9/5+')).toEqual(['amrap squat 100 → 105']);
    expect(await session.log('squat 4/5')).toEqual(['amrap squat NOT_AMRAP']);
    expect(await session.finish('squat')).toEqual(['deload squat 105 → 90']);
  });

  test('supersedes increments of the same event, in any rule order', async () => {
    for (const rules of [
      [linear(), atTheEnd],
      [atTheEnd, linear()],
    ]) {
      const trainee = await createWith(...rules);

      expect(await trainee.train('squat 4/5')).toEqual(
        expect.arrayContaining(['deload squat 100 → 90', `linear squat ${SUPERSEDED}`]),
      );
      expect(await trainee.max('squat')).toBe('90');
    }
  });

  test('takes the increments of sets logged late with it', async () => {
    const trainee = await createWith(amrap(), atTheEnd);
    const session = trainee.startSession();
    await session.log('squat 4/5');
    expect(await session.finish('squat')).toEqual(['deload squat 100 → 90']);

    expect(await session.log('squat 9/5+')).toEqual([
      'amrap squat NOT_AMRAP',
      'amrap squat 100 → 105',
      'deload squat 105 → 90',
    ]);
  });
});

describe('a deload applied late', () => {
  test('takes the place of the increment that the session ended with', async () => {
    const trainee = await createWith(linear(), deload());
    const session = trainee.startSession();
    expect(await session.finish('squat bench')).toEqual([
      'linear squat 100 → 102.5',
      'linear bench 60 → 62.5',
    ]);

    expect(await session.log('squat 4/5')).toEqual(['deload squat 100 → 90', `linear squat ${SUPERSEDED}`]);
    expect(await session.log('squat 4/5')).toEqual([
      'deload squat ALREADY_APPLIED',
      'deload squat 90 → 80',
      `linear squat ${SUPERSEDED}`,
    ]);
    expect(await trainee.max('bench')).toBe('62.5');
  });

  test('does not undo the increment of an earlier session', async () => {
    const trainee = await createWith(linear(), deload({ roundTo: undefined }));
    await trainee.startSession().finish('squat');

    expect(await trainee.startSession().log('squat 4/5')).toEqual(['deload squat 102.5 → 92.25']);
  });
});

describe('a reverted application', () => {
  test('is not undone a second time by a deload', async () => {
    const trainee = await createWith(amrap(), deload());
    const { userId } = trainee.athlete;
    const session = trainee.startSession();
    await session.log('squat 9/5+');
    const { logs } = await trainee.client.listProgressionLogs({ userId });
    await trainee.client.revertProgression({ userId, logId: `${logs[0]?.id}`, reason: 'a typo' });

    expect(await session.log('squat 4/5')).toContain('deload squat 100 → 90');
  });

  test('of a deload no longer supersedes increments', async () => {
    const trainee = await createWith(amrap(), deload());
    const { userId } = trainee.athlete;
    const session = trainee.startSession();
    await session.log('squat 4/5');
    const { logs } = await trainee.client.listProgressionLogs({ userId });
    await trainee.client.revertProgression({ userId, logId: `${logs[0]?.id}`, reason: 'a typo' });

    expect(await session.log('squat 9/5+')).toEqual(['amrap squat 100 → 105']);
  });
});
