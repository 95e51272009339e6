/** Different events at the same time: every one applies, one after the other where they share a lift max. */
import { beforeAll, describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { createTeammate } from '../support/fixtures.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { amrap, cycle, deload, linear, stages } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();
/** The queue and database handle of another server process. */
let otherHandle: Database;
beforeAll(async () => {
  otherHandle = db.open();
});

/** The same athlete through another server process. */
function throughAnother(trainee: Trainee): Trainee {
  const { accountId } = trainee.athlete;
  return traineeWith(trainee, { client: createProgressionClient(otherHandle, { accountId }) });
}

describe('two sessions of one lift in parallel', () => {
  test.each([
    ['one server process', (trainee: Trainee) => trainee],
    ['two server processes', throughAnother],
  ])('over %s both apply, chained', async (_, other) => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    const twin = other(trainee);

    const lines = await Promise.all([trainee, twin].map((each) => each.startSession().finish('squat')));

    expect(lines.flat().toSorted()).toEqual(['linear squat 100 → 102.5', 'linear squat 102.5 → 105']);
    expect(await trainee.max('squat')).toBe('105');
    expect(await findBrokenChains(db.database)).toEqual([]);
  });
});

describe('many events of many athletes over two server processes', () => {
  const ATHLETES = 12;
  const ROUNDS = 6;

  test('all apply, and no lift max forks, skips a version or loses an update', async () => {
    const first = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60' },
      rules: [linear(), cycle(), amrap(), deload({ countBy: 'SESSION' }), stages({ maxType: 'ONE_RM' })],
    });
    const other = throughAnother(first);
    const team = [first];
    while (team.length < ATHLETES) {
      const athlete = await createTeammate(db.database, first.athlete, { squat: '100', bench: '60' });
      team.push(traineeWith(first, { athlete }));
    }
    const events = team.flatMap((trainee) => {
      const { athlete } = trainee;
      const twin = traineeWith(other, { athlete, client: other.client });
      return Array.from({ length: ROUNDS }, (_, round) => {
        const each = round % 2 === 0 ? trainee : twin;
        return [
          () => each.train('squat 5/5 9/5+, bench 4/5'),
          () => each.completeCycle(round + 1, 4),
          () => each.ask(0, { lift: 'squat', force: true }),
        ];
      }).flat();
    });

    await Promise.all(events.map((event) => event()));

    expect(await findBrokenChains(db.database)).toEqual([]);
    for (const { client, athlete } of team) {
      const { logs } = await client.listProgressionLogs({ userId: athlete.userId, pageSize: 500 });
      const ofLift = (liftId: string) => logs.filter((log) => log.liftId === liftId).length;
      // Per round: the AMRAP set, the session, the cycle and the manual trigger; for the bench the deload and the cycle.
      expect(ofLift(first.liftId('squat'))).toBe(4 * ROUNDS);
      expect(ofLift(first.liftId('bench'))).toBe(2 * ROUNDS);
    }
  });
});

describe('events beside changes by hand', () => {
  test('each start from the value that the other left', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    const twin = throughAnother(trainee);
    const { userId } = trainee.athlete;
    const max = { userId, liftId: trainee.liftId('squat'), maxType: MaxType.TRAINING_MAX };
    const revertLatest = async () => {
      const { logs } = await twin.client.listProgressionLogs({ userId, pageSize: 1 });
      const logId = `${logs[0]?.id}`;
      const revert = twin.client.revertProgression({ userId, logId, reason: 'a typo' });
      // Another transaction may have been faster.
      await revert.catch((error) => expectRefusal(Promise.reject(error), 'NOT_LATEST_APPLICATION'));
    };
    await trainee.startSession().finish('squat');

    await Promise.all(
      Array.from({ length: 15 }, (_, index) => [
        trainee.startSession().finish('squat'),
        twin.client.setLiftMax({ ...max, value: String(100 + index) }),
        revertLatest(),
        twin.startSession().finish('squat'),
      ]).flat(),
    );

    expect(await findBrokenChains(db.database)).toEqual([]);
    const { totalSize } = await trainee.client.listLiftMaxVersions(max);
    expect(totalSize).toBeGreaterThanOrEqual(2 + 3 * 15);
  });
});
