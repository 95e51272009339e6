/** The refusals that all methods of events share, which write nothing. */
import type { CallOptions } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { expectRefusal, WITHOUT_REQUEST_ID } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import type { AthleteFixture } from '../support/fixtures.ts';
import { createProgressionClient, under } from '../support/progression-client.ts';
import { linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();

type Event = (trainee: Trainee, call?: CallOptions) => Promise<unknown>;

const EVENTS: [string, Event][] = [
  ['HandleSessionComplete', (trainee, call) => trainee.startSession().finish('squat', { call })],
  ['HandleWeekAdvance', (trainee, call) => trainee.advanceWeek(1, { call })],
  ['HandleCycleComplete', (trainee, call) => trainee.completeCycle(1, 4, { call })],
  ['LogSets', (trainee, call) => trainee.startSession().log('squat 5/5', { call })],
  ['TriggerProgression', (trainee, call) => trainee.ask(0, { call })],
];

const WRITES: [string, Event][] = [
  ...EVENTS,
  [
    'SetLiftMax',
    ({ client, athlete, liftId }, call) =>
      client.setLiftMax({ userId: athlete.userId, liftId: liftId('squat'), maxType: 2, value: '1' }, call),
  ],
  [
    'ResetFailureCounter',
    ({ client, athlete, liftId }, call) => {
      const progressionId = `${athlete.progressionIds[0]}`;
      const counter = { userId: athlete.userId, liftId: liftId('squat'), progressionId };
      return client.resetFailureCounter(counter, call);
    },
  ],
  [
    'RevertProgression',
    ({ client, athlete }, call) =>
      client.revertProgression({ userId: athlete.userId, logId: uuidv7(), reason: 'a typo' }, call),
  ],
];

const READS: [string, Event][] = [
  ['ListProgressionLogs', ({ client, athlete }) => client.listProgressionLogs({ userId: athlete.userId })],
  [
    'GetLiftMax',
    ({ client, athlete, liftId }) =>
      client.getLiftMax({ userId: athlete.userId, liftId: liftId('squat'), maxType: 2 }),
  ],
  ['ListLiftMaxes', ({ client, athlete }) => client.listLiftMaxes({ userId: athlete.userId })],
  [
    'ListLiftMaxVersions',
    ({ client, athlete, liftId }) =>
      client.listLiftMaxVersions({ userId: athlete.userId, liftId: liftId('squat'), maxType: 2 }),
  ],
  ['GetFailureCounter', (trainee) => trainee.failures(0, 'squat')],
  ['ListFailureCounters', ({ client, athlete }) => client.listFailureCounters({ userId: athlete.userId })],
  ['PrescribeSession', ({ client, athlete }) => client.prescribeSession({ userId: athlete.userId })],
  ['PrescribeWeeks', ({ client, athlete }) => client.prescribeWeeks({ userId: athlete.userId, weeks: 1 })],
  [
    'SimulateProgressions',
    ({ client, athlete }) =>
      client.simulateProgressions({ userId: athlete.userId, horizon: { case: 'weeks', value: 1 } }),
  ],
];

const FIXTURE: AthleteFixture = { lifts: { squat: '100', bench: '60' }, rules: [linear()] };

function changeRows(database: Database, { athlete }: Trainee, statement: ReturnType<typeof sql>) {
  return database.transaction(athlete.accountId, (tx) => statement.execute(tx.sql));
}

test('an event is refused for a lift that does not exist, before the enrollment is read', async () => {
  const { client, athlete } = await createTrainee(db.database, { ...FIXTURE, enrolled: false });
  const { userId, progressionIds } = athlete;
  const [sessionId, liftId] = [uuidv7(), uuidv7()];
  const set = { liftId, setNumber: 1, kind: SetKind.WORK, weight: '60', targetReps: 5, repsPerformed: 5 };
  const session = { sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId] };
  const calls = [
    () => client.logSets({ userId, sessionId, sets: [set] }),
    () => client.handleSessionComplete({ userId, session }),
    () => client.triggerProgression({ userId, progressionId: `${progressionIds[0]}`, liftId }),
  ];
  for (const call of calls) {
    await expectRefusedUnchanged(db.database, call, 'LIFT_NOT_FOUND');
  }
});

describe.each(EVENTS)('%s', (_, event) => {
  test('is refused without an active enrollment', async () => {
    const trainee = await createTrainee(db.database, { ...FIXTURE, enrolled: false });

    await expectRefusedUnchanged(db.database, () => event(trainee), 'NOT_ENROLLED');
  });

  test('is refused for an athlete who left the program', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);
    await changeRows(
      db.database,
      trainee,
      sql`update enrollments set status = 'PAUSED', ended_at = now() where user_id = ${trainee.athlete.userId}`,
    );

    await expectRefusedUnchanged(db.database, () => event(trainee), 'NOT_ENROLLED');
  });

  test('is refused, naming the rule, when a rule of the program cannot be read', async () => {
    const trainee = await createTrainee(db.database, {
      ...FIXTURE,
      rules: [linear(), { type: 'CYCLE_PROGRESSION', parameters: { maxType: 'TRAINING_MAX', increment: 5 } }],
    });

    const error = await expectRefusedUnchanged(db.database, () => event(trainee), 'PROGRESSION_INVALID');

    expect(error.message).toContain(trainee.athlete.progressionIds[1]);
  });

  test('is refused when the program has a rule of an unknown type', async () => {
    const rules = [linear(), { type: 'MAGIC_PROGRESSION', parameters: {} }];
    const trainee = await createTrainee(db.database, { ...FIXTURE, rules });

    await expectRefusedUnchanged(db.database, () => event(trainee), 'PROGRESSION_INVALID');
  });
});

describe.each(WRITES)('%s', (_, write) => {
  test('is refused without a request ID', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);

    await expectRefusedUnchanged(
      db.database,
      () => write(trainee, WITHOUT_REQUEST_ID),
      'REQUEST_ID_REQUIRED',
    );
  });

  test('is refused with a request ID that is not a UUID', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);

    await expectRefusedUnchanged(db.database, () => write(trainee, under('one')), 'REQUEST_ID_INVALID');
  });
});

describe.each([...WRITES, ...READS])('%s', (_, call) => {
  test('is refused for an athlete who does not exist, is deleted or of another account', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);
    const { athlete } = trainee;
    const unknown = traineeWith(trainee, { athlete: { ...athlete, userId: uuidv7() } });
    const stranger = await createTrainee(db.database, FIXTURE);
    const client = createProgressionClient(db.database, { accountId: stranger.athlete.accountId });
    const foreigner = traineeWith(trainee, { client });
    const deleted = await createTrainee(db.database, FIXTURE);
    await changeRows(
      db.database,
      deleted,
      sql`update users set deleted_at = now() where id = ${deleted.athlete.userId}`,
    );

    for (const absent of [unknown, foreigner, deleted]) {
      await expectRefusal(call(absent), 'USER_NOT_FOUND');
    }
  });
});
