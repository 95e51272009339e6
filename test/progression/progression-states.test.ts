/** GetProgressionState, ListProgressionStates and SetProgressionState, and the stages that outcomes and log rows tell. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { linear, stages } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

async function createStaged() {
  const lifts = { squat: '100', bench: '60' };
  const rules = [stages({ countBy: 'SESSION' }), linear()];
  const trainee = await createTrainee(db.database, { lifts, rules });
  const { userId, progressionIds } = trainee.athlete;
  const key = { userId, liftId: trainee.liftId('squat'), progressionId: `${progressionIds[0]}` };
  const stageOf = async () => (await trainee.client.getProgressionState(key)).progressionState?.stage;
  return { ...trainee, userId, key, stageOf };
}

describe('the stage of an athlete', () => {
  test('is the first one until it changes, and is not listed before', async () => {
    const { client, userId, key } = await createStaged();

    expect((await client.getProgressionState(key)).progressionState).toMatchObject({
      ...key,
      stage: { index: 0, name: '5x3+', sets: 5, reps: 3, isAmrap: true, minVolume: 15 },
      totalStages: 3,
    });
    expect(await client.listProgressionStates({ userId })).toMatchObject({
      progressionStates: [],
      totalSize: 0,
    });
  });

  test('follows the events; outcome and log row have the stage before and after, also when the max stays', async () => {
    const { client, userId, key, startSession, stageOf } = await createStaged();
    const session = startSession();
    await session.log('squat 2/3');
    const { outcome } = await client.handleSessionComplete({
      userId,
      session: { sessionId: session.sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: [key.liftId] },
    });

    const [result] = outcome?.results ?? [];
    expect(result).toMatchObject({
      delta: '0',
      stageBefore: { index: 0 },
      stage: { index: 1, name: '6x2+' },
    });
    const { logs } = await client.listProgressionLogs({ userId, triggerType: 5 });
    expect(logs).toMatchObject([{ delta: '0', stageBefore: 0, stageAfter: 1 }]);
    expect(await stageOf()).toMatchObject({ index: 1, name: '6x2+' });
    const { progressionStates, totalSize } = await client.listProgressionStates({ userId });
    expect(progressionStates).toMatchObject([{ liftId: key.liftId, stage: { index: 1 } }]);
    expect(totalSize).toBe(1);
  });

  test('is restored by a revert, whose row has both stages', async () => {
    const { client, userId, startSession, stageOf } = await createStaged();
    const session = startSession();
    await session.log('squat 2/3');
    await session.finish('squat bench');
    const applied = (await client.listProgressionLogs({ userId })).logs;
    const undo = async (logId = '') =>
      (await client.revertProgression({ userId, logId, reason: 'a slip' })).log;
    const squatRows = applied.filter(({ liftName }) => liftName === 'squat');
    await undo(squatRows.find(({ stageAfter }) => stageAfter === undefined)?.id);
    const log = await undo(squatRows.find(({ stageAfter }) => stageAfter === 1)?.id);

    expect(log).toMatchObject({ stageBefore: 1, stageAfter: 0 });
    expect(await stageOf()).toMatchObject({ index: 0 });
  });

  test('is listed page by page', async () => {
    const { client, userId, key, liftId } = await createStaged();
    for (const lift of ['squat', 'bench']) {
      await client.setProgressionState({ ...key, liftId: liftId(lift), stage: 2 });
    }
    const first = await client.listProgressionStates({ userId, pageSize: 1 });
    const second = await client.listProgressionStates({
      userId,
      pageSize: 1,
      pageToken: first.nextPageToken,
    });

    const states = [...first.progressionStates, ...second.progressionStates];
    expect(states.map((state) => state.liftId).toSorted()).toEqual(
      [liftId('squat'), liftId('bench')].toSorted(),
    );
    expect([first.totalSize, second.nextPageToken]).toEqual([2, '']);
  });
});

describe('a stage set by hand', () => {
  test('counts from the next event on, and is audited', async () => {
    const { client, key, train, athlete, stageOf } = await createStaged();

    const { progressionState } = await client.setProgressionState({
      ...key,
      stage: 2,
      reason: 'back from a break',
    });

    expect(progressionState).toMatchObject({ ...key, stage: { index: 2, name: '10x1+' }, totalStages: 3 });
    expect(await rowsOf(db.database, athlete.accountId, 'audit_log')).toMatchObject([
      {
        action: 'SetProgressionState',
        actor: TEST_ACTOR,
        target_type: 'progression_state',
        target_id: key.progressionId,
        user_id: key.userId,
        reason: 'back from a break',
        before: { liftId: key.liftId, stage: 0 },
        after: { liftId: key.liftId, stage: 2 },
      },
    ]);
    expect(await train('squat 0/1')).toContain('stage squat 100 → 85 stage 0');
    await client.setProgressionState({ ...key, stage: 1 });
    expect(await stageOf()).toMatchObject({ index: 1 });
  });

  test('must be a stage of the rule, and rule, lift and athlete must exist', async () => {
    const { client, key, athlete } = await createStaged();
    const refused = (change: object, reason: Parameters<typeof expectRefusal>[1], fields?: string[]) =>
      expectRefusedUnchanged(
        db.database,
        () => client.setProgressionState({ ...key, stage: 1, ...change }),
        reason,
        fields,
      );

    await refused({ stage: 3 }, 'VALIDATION_FAILED', ['stage']);
    await refused({ stage: -1 }, 'VALIDATION_FAILED', ['stage']);
    await refused({ progressionId: athlete.progressionIds[1] }, 'VALIDATION_FAILED', ['progression_id']);
    await refused({ progressionId: uuidv7() }, 'PROGRESSION_NOT_FOUND');
    await refused({ liftId: uuidv7() }, 'LIFT_NOT_FOUND');
    await refused({ userId: uuidv7() }, 'USER_NOT_FOUND');
    const noStages = { ...key, progressionId: `${athlete.progressionIds[1]}` };
    await expectRefusal(client.getProgressionState(noStages), 'VALIDATION_FAILED', ['progression_id']);
  });
});
