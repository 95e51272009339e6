/** RevertProgression: the latest application of a lift max is undone, and what it had changed comes back. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MaxType, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import { LiftMaxSource, type ProgressionLog } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { instantFromText } from '../../src/values/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import type { RuleFixture } from '../support/fixtures.ts';
import { callUnder } from '../support/progression-client.ts';
import { amrap, cycle, deload, linear, stages } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

/** Before every other event of the tests. */
const LONG_AGO = instantFromText('1990-01-01T00:00:00.000000Z');

function createWith(...rules: RuleFixture[]): Promise<Trainee> {
  return createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
}

/** Newest first. */
async function logsOf({ client, athlete }: Trainee): Promise<ProgressionLog[]> {
  return (await client.listProgressionLogs({ userId: athlete.userId })).logs;
}

function revert({ client, athlete }: Trainee, log: ProgressionLog | undefined, reason = 'a typo') {
  return client.revertProgression({ userId: athlete.userId, logId: `${log?.id}`, reason });
}

describe('a reverted application', () => {
  test('stays in the log, beside the row that undid it', async () => {
    const trainee = await createWith(linear());
    await trainee.startSession().finish('squat');
    const [applied] = await logsOf(trainee);

    const { log, liftMax } = await revert(trainee, applied, 'wrong athlete');

    expect(log).toMatchObject({
      progressionId: applied?.progressionId,
      previousValue: '102.5',
      newValue: '100',
      delta: '-2.5',
      triggerType: TriggerType.MANUAL,
      triggerContext: {
        manual: true,
        reason: 'wrong athlete',
        actor: TEST_ACTOR,
        revertedLogId: applied?.id,
      },
      liftMaxVersion: 3,
      revertedByLogId: '',
    });
    expect(liftMax).toMatchObject({ value: '100', version: 3, source: LiftMaxSource.REVERT });
    expect(await logsOf(trainee)).toEqual([log, { ...applied, revertedByLogId: log?.id }]);
    expect(await trainee.max('squat')).toBe('100');
  });

  test('is audited, with the max before and after', async () => {
    const trainee = await createWith(linear());
    const { accountId, userId } = trainee.athlete;
    await trainee.startSession().finish('squat');
    const [applied] = await logsOf(trainee);

    const { log } = await revert(trainee, applied, 'wrong athlete');

    expect(await rowsOf(db.database, accountId, 'audit_log')).toMatchObject([
      {
        action: 'RevertProgression',
        actor: TEST_ACTOR,
        target_type: 'progression_log',
        target_id: applied?.id,
        user_id: userId,
        reason: 'wrong athlete',
        before: { version: 2, value: '102.5' },
        after: { version: 3, value: '100', logId: log?.id },
      },
    ]);
  });

  test('restores the failures that it had reset', async () => {
    const trainee = await createWith(deload({ failureThreshold: 2, resetOnDeload: true }));
    await trainee.startSession().log('squat 4/5 4/5');
    expect(await trainee.failures(0, 'squat')).toBe(0);

    await revert(trainee, (await logsOf(trainee))[0]);

    expect(await trainee.failures(0, 'squat')).toBe(2);
    expect(await trainee.startSession().log('squat 4/5')).toEqual(['deload squat 100 → 90']);
  });

  test('adds the later failures to those, but not after a later success', async () => {
    const trainee = await createWith(deload({ failureThreshold: 2, resetOnDeload: true }));
    await trainee.startSession().log('squat 4/5 4/5 4/5, bench 4/5 4/5 5/5 4/5');
    const logs = await logsOf(trainee);

    for (const log of logs) {
      await revert(trainee, log);
    }

    expect(await trainee.failures(0, 'squat')).toBe(3);
    expect(await trainee.failures(0, 'bench')).toBe(1);
  });

  test('does not change a counter that it had not changed', async () => {
    const trainee = await createWith(deload({ failureThreshold: 2 }), linear());
    await trainee.startSession().log('squat 4/5 4/5');
    await revert(trainee, (await logsOf(trainee))[0]);

    expect(await trainee.failures(0, 'squat')).toBe(2);
  });

  test('restores the stage, also one that had started over', async () => {
    const trainee = await createWith(stages());
    const session = trainee.startSession();
    expect(await session.log('squat 2/3 1/2 0/1')).toEqual([
      'stage squat 100 → 100 stage 1',
      'stage squat 100 → 100 stage 2',
      'stage squat 100 → 85 stage 0',
    ]);
    await revert(trainee, (await logsOf(trainee))[0]);

    expect(await trainee.startSession().log('squat 0/1')).toEqual(['stage squat 100 → 85 stage 0']);
  });
});

describe('a chain of applications', () => {
  test('is undone from its end, one by one', async () => {
    const trainee = await createWith(linear(), cycle());
    await trainee.startSession().finish('squat');
    await trainee.startSession().finish('squat');
    await trainee.completeCycle(1, 4);
    const logs = (await logsOf(trainee)).filter(({ liftId }) => liftId === trainee.liftId('squat'));

    const values: (string | undefined)[] = [];
    for (const log of logs) {
      const { liftMax } = await revert(trainee, log);
      values.push(liftMax?.value);
    }

    expect(values).toEqual(['105', '102.5', '100']);
    expect(await trainee.startSession().finish('squat')).toContain('linear squat 100 → 102.5');
  });

  test('continues after a revert, and its new end can be undone', async () => {
    const trainee = await createWith(linear());
    await trainee.startSession().finish('squat');
    await revert(trainee, (await logsOf(trainee))[0]);
    await trainee.startSession().finish('squat');

    const { liftMax } = await revert(trainee, (await logsOf(trainee))[0]);

    expect(liftMax).toMatchObject({ value: '100', version: 5 });
  });

  test('of one lift or max type does not block another', async () => {
    const trainee = await createWith(linear());
    await trainee.startSession().finish('squat');
    const [ofSquat] = await logsOf(trainee);
    await trainee.startSession().finish('bench');

    expect((await revert(trainee, ofSquat)).liftMax).toMatchObject({ value: '100' });
  });
});

describe('what cannot be reverted', () => {
  test('is an application that is not the latest', async () => {
    const trainee = await createWith(linear());
    await trainee.startSession().finish('squat');
    await trainee.startSession().finish('squat');
    const [, first] = await logsOf(trainee);

    await expectRefusedUnchanged(db.database, () => revert(trainee, first), 'NOT_LATEST_APPLICATION');
  });

  test('is an application before a max set by hand', async () => {
    const trainee = await createWith(linear());
    const { userId } = trainee.athlete;
    await trainee.startSession().finish('squat');
    const max = { userId, liftId: trainee.liftId('squat'), maxType: MaxType.TRAINING_MAX };
    await trainee.client.setLiftMax({ ...max, value: '120' });
    const [applied] = await logsOf(trainee);

    await expectRefusedUnchanged(db.database, () => revert(trainee, applied), 'NOT_LATEST_APPLICATION');
  });

  test('is an application that was undone, and the row that undid it', async () => {
    const trainee = await createWith(linear());
    await trainee.startSession().finish('squat');
    const [applied] = await logsOf(trainee);
    const { log } = await revert(trainee, applied);

    await expectRefusedUnchanged(db.database, () => revert(trainee, applied), 'NOT_LATEST_APPLICATION');
    await expectRefusedUnchanged(db.database, () => revert(trainee, log), 'NOT_LATEST_APPLICATION');
  });

  test('is a row that does not exist, or of another athlete', async () => {
    const trainee = await createWith(linear());
    const { accountId, userId } = trainee.athlete;
    const other = await createTrainee(db.database, { accountId, lifts: { squat: '80' }, rules: [linear()] });
    await other.startSession().finish('squat');
    const [ofOther] = await logsOf(other);

    for (const logId of [uuidv7(), `${ofOther?.id}`]) {
      await expectRefusedUnchanged(
        db.database,
        () => trainee.client.revertProgression({ userId, logId, reason: 'a typo' }),
        'PROGRESSION_LOG_NOT_FOUND',
      );
    }
  });

  test('needs a reason', async () => {
    const trainee = await createWith(linear());
    await trainee.startSession().finish('squat');

    await expectRefusal(revert(trainee, (await logsOf(trainee))[0], ''), 'VALIDATION_FAILED', ['reason']);
  });
});

describe('the event of a reverted application', () => {
  test('stays undone when it is reported again, under its own request ID or another', async () => {
    const trainee = await createWith(linear(), amrap());
    const session = trainee.startSession();
    const id = uuidv7();
    await session.log('squat 9/5+');
    const first = await callUnder(id, (call) => session.finish('squat', { call, at: LONG_AGO }));
    for (const log of (await logsOf(trainee)).toSorted((a, b) => b.liftMaxVersion - a.liftMaxVersion)) {
      await revert(trainee, log);
    }

    expect(await callUnder(id, (call) => session.finish('squat', { call, at: LONG_AGO }))).toEqual({
      ...first,
      isReplayed: true,
    });
    expect(await session.finish('squat')).toContain('linear squat ALREADY_APPLIED');
    expect(await trainee.startSession(session.sessionId).log('squat 9/5+')).toEqual([
      'amrap squat ALREADY_APPLIED',
    ]);
    expect(await trainee.max('squat')).toBe('100');
  });
});
