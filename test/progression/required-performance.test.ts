/** Rules that hold for a lift that was not performed, and sessions that are judged by their volume. */
import { describe, expect, test } from 'vitest';
import { EnrollmentStatus } from '../../src/gen/progression/v1/program_service_pb.ts';
import { createCatalogClient } from '../support/catalog-client.ts';
import { cycle, deload, linear, stages } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

describe('a rule that requires that the lift was performed', () => {
  const rules = [
    linear({ triggerType: 'AFTER_WEEK', requireSuccess: true, requirePerformed: true }),
    cycle({ requirePerformed: true }),
  ];

  async function createLifter(): Promise<Trainee> {
    return createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
  }

  test('adds nothing after a week of holidays, and says NOT_PERFORMED', async () => {
    const trainee = await createLifter();
    await trainee.train('squat 5/5');

    expect(await trainee.advanceWeek(1)).toEqual(['linear squat 100 → 102.5', 'linear bench NOT_PERFORMED']);
    expect(await trainee.advanceWeek(2)).toEqual([
      'linear squat NOT_PERFORMED',
      'linear bench NOT_PERFORMED',
    ]);
  });

  test('looks at the whole cycle at its end', async () => {
    const trainee = await createLifter();
    await trainee.train('squat 5/5');
    await trainee.advanceWeek(1);
    await trainee.advanceWeek(2);

    expect(await trainee.completeCycle(1, 2)).toEqual([
      'cycle squat 102.5 → 107.5',
      'cycle bench NOT_PERFORMED',
    ]);
    expect(await trainee.completeCycle(2, 2)).toEqual([
      'cycle squat NOT_PERFORMED',
      'cycle bench NOT_PERFORMED',
    ]);
  });

  test('takes no warm-up and no supplemental set for a performance', async () => {
    const trainee = await createLifter();
    await trainee.train('squat w5/5 s10/10');

    expect(await trainee.advanceWeek(1)).toContain('linear squat NOT_PERFORMED');
  });

  test('tells a miss from an absence', async () => {
    const trainee = await createLifter();
    await trainee.train('squat 4/5');

    expect(await trainee.advanceWeek(1)).toContain('linear squat TARGET_MISSED');
  });

  test('does not look behind the resumption of the enrollment', async () => {
    const trainee = await createLifter();
    await trainee.train('squat 5/5');
    await pauseAndResume(trainee);

    expect(await trainee.advanceWeek(1)).toContain('linear squat NOT_PERFORMED');
  });

  test('is applied by hand all the same', async () => {
    const trainee = await createLifter();

    expect(await trainee.ask(1, { lift: 'squat' })).toEqual(['cycle squat 100 → 105']);
  });

  test('is simulated with the sessions that are supposed', async () => {
    const { client, athlete } = await createLifter();
    const { events } = await client.simulateProgressions({
      userId: athlete.userId,
      horizon: { case: 'weeks', value: 2 },
    });

    expect(events.filter(({ session }) => session === 0).map(({ outcome }) => outcome?.totalApplied)).toEqual(
      [2, 2, 2, 2],
    );
  });
});

describe('a stage progression that judges by volume', () => {
  const BY_VOLUME = { countBy: 'SESSION', failBy: 'VOLUME' };

  /** Stages of 15, 12 and 10 repetitions. */
  async function createLifter(others = [linear({ requireSuccess: true })], own = {}): Promise<Trainee> {
    const rules = [stages({ ...BY_VOLUME, ...own }), ...others];
    return createTrainee(db.database, { lifts: { squat: '100' }, rules });
  }

  test('is met by the repetitions of all work sets, also when one of them fell short', async () => {
    const trainee = await createLifter();

    expect(await trainee.train('squat 3/3 3/3 3/3 2/3 4/3+')).toEqual(['linear squat 100 → 102.5']);
    expect(await trainee.failures(0, 'squat')).toBe(0);
  });

  test('is missed below the volume: the stage goes on, and the increment that requires success holds', async () => {
    const trainee = await createLifter();

    expect(await trainee.train('squat 3/3 3/3 3/3 2/3 3/3+')).toEqual([
      'stage squat 100 → 100 stage 1',
      'linear squat TARGET_MISSED',
    ]);
    expect(await trainee.train('squat 2/2 2/2 2/2 2/2 2/2 2/2+')).toEqual(['linear squat 100 → 102.5']);
  });

  test('is missed by too few sets, although none of them fell short', async () => {
    const trainee = await createLifter();

    expect(await trainee.train('squat 3/3 3/3 3/3')).toEqual([
      'stage squat 100 → 100 stage 1',
      'linear squat TARGET_MISSED',
    ]);
  });

  test('counts no warm-up, no supplemental set and none below its target weight', async () => {
    const trainee = await createLifter();

    expect(await trainee.train('squat w5/5 3/3 3/3 3/3 3/3 2/3@100/100 9/3@90/100 s10/10')).toEqual([
      'stage squat 100 → 100 stage 1',
      'linear squat TARGET_MISSED',
    ]);
  });

  test('decides for the deloads of the lift that count by session, too', async () => {
    const trainee = await createLifter([deload({ countBy: 'SESSION', failureThreshold: 2 })]);

    expect(await trainee.train('squat 3/3 3/3 3/3 2/3 4/3+')).toEqual([]);
    expect(await trainee.train('squat 3/3 3/3')).toContain('deload squat FAILURE_THRESHOLD_NOT_MET');
  });

  test('does not decide where it is off for the athlete: the sets do again', async () => {
    const trainee = await createLifter();
    await turnOff(trainee);

    expect(await trainee.train('squat 3/3 3/3 3/3 2/3 4/3+')).toEqual([
      'stage squat OFF_FOR_ATHLETE stage 0',
      'linear squat TARGET_MISSED',
    ]);
  });

  test('starts over lighter when the volume of the last stage is missed', async () => {
    const trainee = await createLifter([]);
    await trainee.train('squat 3/3 3/3');
    await trainee.train('squat 2/2 2/2');

    expect(await trainee.train('squat 1/1 1/1')).toEqual(['stage squat 100 → 85 stage 0']);
  });
});

async function pauseAndResume({ athlete }: Trainee): Promise<void> {
  const { accountId, userId, programId } = athlete;
  const { programs } = createCatalogClient(db.database, { accountId });
  await programs.unenrollUser({ userId, status: EnrollmentStatus.PAUSED });
  await programs.enrollUser({ userId, programId });
}

/** Turns the program's first row off for the athlete. */
async function turnOff({ athlete }: Trainee): Promise<void> {
  const { accountId, userId, programProgressionIds } = athlete;
  const { programs } = createCatalogClient(db.database, { accountId });
  const programProgressionId = `${programProgressionIds[0]}`;
  await programs.setEnrollmentOverride({ userId, programProgressionId, off: true });
}
