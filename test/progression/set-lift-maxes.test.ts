/** SetLiftMaxes: many maxes in one call, each answered on its own. */
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { createTeammate } from '../support/fixtures.ts';
import { callUnder } from '../support/progression-client.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

async function createTeam() {
  const trainee = await createTrainee(db.database, { lifts: { squat: '100', bench: null } });
  const mate = await createTeammate(db.database, trainee.athlete);
  const entry = (userId: string, lift: string, value: string) => ({
    ...{ userId, value, reason: 'testing day' },
    liftId: lift === 'unknown' ? uuidv7() : trainee.liftId(lift),
    maxType: MaxType.TRAINING_MAX,
  });
  return { ...trainee, mate, entry };
}

test('each entry of SetLiftMaxes is answered: a bad one does not fail the others, and two of one max apply in order', async () => {
  const { client, athlete, mate, entry, max } = await createTeam();

  const answer = await client.setLiftMaxes({
    liftMaxes: [
      entry(athlete.userId, 'squat', '110'),
      entry(uuidv7(), 'squat', '110'),
      entry(athlete.userId, 'unknown', '110'),
      entry(mate.userId, 'bench', '-1'),
      entry(mate.userId, 'bench', '80'),
      entry(athlete.userId, 'squat', '112.5'),
    ],
  });

  expect(
    answer.results.map(({ result }) =>
      result.case === 'error'
        ? `${result.value.reason} ${result.value.fieldViolations.map(({ field }) => field)}`.trim()
        : `${result.value?.value} version ${result.value?.version}`,
    ),
  ).toEqual([
    '110 version 2',
    'USER_NOT_FOUND',
    'LIFT_NOT_FOUND',
    'VALIDATION_FAILED value',
    '80 version 1',
    '112.5 version 3',
  ]);
  expect([answer.totalSucceeded, answer.totalFailed]).toEqual([3, 3]);
  expect(await max('squat')).toBe('112.5');
  const audited = await rowsOf(db.database, athlete.accountId, 'audit_log');
  expect(audited.filter(({ action }) => action === 'SetLiftMax')).toHaveLength(3);
});

test('SetLiftMaxes sets 500 maxes in one call, once per request ID', async () => {
  const { client, athlete, entry, liftId } = await createTeam();
  const liftMaxes = Array.from({ length: 500 }, (_, index) =>
    entry(athlete.userId, 'squat', String(100 + index)),
  );
  const requestId = uuidv7();

  const first = await callUnder(requestId, (options) => client.setLiftMaxes({ liftMaxes }, options));
  const again = await callUnder(requestId, (options) => client.setLiftMaxes({ liftMaxes }, options));

  expect([first.answer.totalSucceeded, again.isReplayed]).toEqual([500, true]);
  expect(again.answer).toEqual(first.answer);
  const max = { userId: athlete.userId, liftId: liftId('squat'), maxType: MaxType.TRAINING_MAX };
  expect((await client.getLiftMax(max)).liftMax).toMatchObject({ value: '599', version: 501 });
  await expectRefusal(
    client.setLiftMaxes({ liftMaxes: [...liftMaxes, ...liftMaxes.slice(0, 1)] }),
    'VALIDATION_FAILED',
    ['lift_maxes'],
  );
});
