/** TriggerProgression: one rule is triggered by hand. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MaxType, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { amrap, cycle, deload, linear } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const RULES = [linear(), cycle(), deload({ failureThreshold: 3, countBy: 'SESSION' }), amrap()];
const [LINEAR, CYCLE, DELOAD, AMRAP] = [0, 1, 2, 3];
const createAsked = () => createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules: RULES });

describe('a rule that is triggered by hand', () => {
  test('applies to every lift that it covers, or to the one that is named', async () => {
    const trainee = await createAsked();

    expect(await trainee.ask(CYCLE, { lift: 'bench' })).toEqual(['cycle bench 60 → 65']);
    expect(await trainee.ask(LINEAR)).toEqual(['linear squat 100 → 102.5', 'linear bench 65 → 67.5']);
  });

  test('applies instead of its own trigger, without the failures that it needs otherwise', async () => {
    const trainee = await createAsked();

    expect(await trainee.ask(DELOAD, { lift: 'squat' })).toEqual(['deload squat 100 → 90']);
  });

  test('gets the repetitions of the latest session of the lift', async () => {
    const trainee = await createAsked();
    expect(await trainee.ask(AMRAP, { lift: 'squat' })).toEqual(['amrap squat REPS_MISSING']);
    await trainee.startSession().log('squat 9/5+');

    expect(await trainee.ask(AMRAP, { lift: 'squat', force: true })).toEqual(['amrap squat 105 → 110']);
  });

  test('does not apply when its row is disabled, with force or without', async () => {
    const rules = [linear({}, { enabled: false })];
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules });

    expect(await trainee.ask(0)).toEqual(['linear squat DISABLED']);
    expect(await trainee.ask(0, { force: true })).toEqual(['linear squat DISABLED']);
  });

  test('is recorded with actor and reason', async () => {
    const trainee = await createAsked();
    const { userId } = trainee.athlete;
    await trainee.ask(LINEAR, { lift: 'squat', reason: 'looked easy' });

    const { logs } = await trainee.client.listProgressionLogs({ userId });

    expect(logs).toMatchObject([
      {
        triggerType: TriggerType.MANUAL,
        triggerContext: { manual: true, forced: false, reason: 'looked easy', actor: TEST_ACTOR },
      },
    ]);
  });
});

describe('without force', () => {
  test('a rule applies once before there is any event', async () => {
    const trainee = await createAsked();
    await trainee.ask(LINEAR, { lift: 'squat' });

    expect(await trainee.ask(LINEAR)).toEqual(['linear squat ALREADY_APPLIED', 'linear bench 60 → 62.5']);
    expect(await trainee.ask(CYCLE, { lift: 'squat' })).toEqual(['cycle squat 102.5 → 107.5']);
  });

  test('a rule does not apply once more to the event that it has applied to', async () => {
    const trainee = await createAsked();
    const { userId, progressionIds } = trainee.athlete;
    await trainee.startSession().finish('squat');
    const { logs } = await trainee.client.listProgressionLogs({ userId });

    const { outcome } = await trainee.client.triggerProgression({
      userId,
      progressionId: `${progressionIds[LINEAR]}`,
      liftId: trainee.liftId('squat'),
    });

    expect(outcome).toMatchObject({ totalApplied: 0, results: [{ applied: false, logId: logs[0]?.id }] });
    expect(await trainee.ask(LINEAR, { lift: 'bench' })).toEqual(['linear bench 60 → 62.5']);
  });

  test.each<[string, number, string, (trainee: Awaited<ReturnType<typeof createAsked>>) => Promise<unknown>]>(
    [
      ['sets', AMRAP, 'amrap squat', (trainee) => trainee.startSession().log('squat 9/5+ 5/5')],
      ['a cycle', CYCLE, 'cycle squat', (trainee) => trainee.completeCycle(1, 4)],
    ],
  )('the latest event may be %s', async (_, rule, line, happen) => {
    const trainee = await createAsked();
    await happen(trainee);

    expect(await trainee.ask(rule, { lift: 'squat' })).toEqual([`${line} ALREADY_APPLIED`]);
  });

  test('a rule applies again after the next event', async () => {
    const trainee = await createAsked();
    await trainee.ask(LINEAR, { lift: 'squat' });
    await trainee.advanceWeek(1);

    expect(await trainee.ask(LINEAR, { lift: 'squat' })).toEqual(['linear squat 102.5 → 105']);
    expect(await trainee.ask(LINEAR, { lift: 'squat' })).toEqual(['linear squat ALREADY_APPLIED']);
  });

  test('a rule that was reverted for the latest event can be triggered by hand, and only once', async () => {
    const trainee = await createAsked();
    const { userId } = trainee.athlete;
    const undoLatest = async () => {
      const { logs } = await trainee.client.listProgressionLogs({ userId, pageSize: 1 });
      await trainee.client.revertProgression({ userId, logId: `${logs[0]?.id}`, reason: 'a typo' });
    };
    await trainee.startSession().finish('squat');
    await undoLatest();

    expect(await trainee.ask(LINEAR, { lift: 'squat' })).toEqual(['linear squat 100 → 102.5']);
    await undoLatest();
    expect(await trainee.ask(LINEAR, { lift: 'squat' })).toEqual(['linear squat ALREADY_APPLIED']);
  });
});

describe('with force', () => {
  test('a rule applies each time that it is triggered, and each time is audited', async () => {
    const trainee = await createAsked();
    const { userId, accountId, progressionIds } = trainee.athlete;
    await trainee.startSession().finish('squat');
    const forced = { lift: 'squat', force: true, reason: 'twins' };

    expect(await trainee.ask(LINEAR, forced)).toEqual(['linear squat 102.5 → 105']);
    expect(await trainee.ask(LINEAR, forced)).toEqual(['linear squat 105 → 107.5']);

    const { logs } = await trainee.client.listProgressionLogs({ userId, pageSize: 2 });
    expect(await rowsOf(db.database, accountId, 'audit_log')).toMatchObject(
      logs.toReversed().map(({ id }) => ({
        action: 'TriggerProgression',
        actor: TEST_ACTOR,
        target_type: 'progression',
        target_id: progressionIds[LINEAR],
        user_id: userId,
        reason: 'twins',
        after: { forced: true, logIds: [id] },
      })),
    );
    expect(logs.map(({ triggerContext }) => triggerContext?.forced)).toEqual([true, true]);
  });

  test('only forced applications are audited', async () => {
    const trainee = await createAsked();
    await trainee.ask(LINEAR);

    expect(await rowsOf(db.database, trainee.athlete.accountId, 'audit_log')).toEqual([]);
  });
});

describe('a rule that cannot be triggered by hand', () => {
  test('is in another program', async () => {
    const trainee = await createAsked();
    const { accountId, userId } = trainee.athlete;
    const other = await createTrainee(db.database, { accountId, lifts: { squat: '100' }, rules: [linear()] });
    const progressionId = `${other.athlete.progressionIds[0]}`;

    await expectRefusedUnchanged(
      db.database,
      () => trainee.client.triggerProgression({ userId, progressionId }),
      'PROGRESSION_NOT_IN_PROGRAM',
    );
  });

  test.each([true, false])(
    'does not exist, which is checked before the enrollment: enrolled %s',
    async (enrolled) => {
      const fixture = { lifts: { squat: '100' }, rules: [linear()], enrolled };
      const { client, athlete } = await createTrainee(db.database, fixture);
      const { userId, progressionIds } = athlete;
      const progressionId = `${progressionIds[0]}`;
      const ask = (change: object) => () => client.triggerProgression({ userId, progressionId, ...change });

      await expectRefusedUnchanged(db.database, ask({ progressionId: uuidv7() }), 'PROGRESSION_NOT_FOUND');
      await expectRefusedUnchanged(db.database, ask({ liftId: uuidv7() }), 'LIFT_NOT_FOUND');
      await expectRefusedUnchanged(db.database, ask({ userId: uuidv7() }), 'USER_NOT_FOUND');
    },
  );

  test('does not cover the lift', async () => {
    const rules = [linear({}, { liftSlug: 'squat' })];
    const trainee = await createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });

    await expectRefusal(trainee.ask(0, { lift: 'bench' }), 'LIFT_NOT_IN_PROGRAM');
  });

  test('does not change a lift without a max of its type', async () => {
    const rules = [linear({ maxType: 'ONE_RM' })];
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules });

    expect(await trainee.ask(0)).toEqual(['linear squat NO_CURRENT_MAX']);
    expect(await trainee.max('squat', MaxType.ONE_RM)).toBeUndefined();
  });
});
