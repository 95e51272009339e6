/** Sets that arrive after their session was completed: the session is decided again, or the outcome says that it is not. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { enumName } from '../../src/calls/enum-name.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus } from '../../src/gen/progression/v1/program_service_pb.ts';
import { LiftMaxSourceSchema } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { readRows } from '../store/schema-dump.ts';
import { createCatalogClient } from '../support/catalog-client.ts';
import { expectUnchanged } from '../support/expect-unchanged.ts';
import type { RuleFixture } from '../support/fixtures.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { callUnder } from '../support/progression-client.ts';
import { amrap, deload, linear, stages } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

const successful = linear({ requireSuccess: true });

function createWith(...rules: RuleFixture[]): Promise<Trainee> {
  return createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
}

async function valuesOf({ client, athlete, liftId }: Trainee, lift = 'squat') {
  const request = { userId: athlete.userId, liftId: liftId(lift), maxType: MaxType.TRAINING_MAX };
  const { liftMaxes } = await client.listLiftMaxVersions(request);
  return liftMaxes
    .map(({ value, source }) => `${value} ${enumName(LiftMaxSourceSchema, source)}`)
    .toReversed();
}

describe('a missed set that arrives after its session was completed', () => {
  test('undoes the increment that the session ended with, and says so', async () => {
    const trainee = await createWith(successful);
    const { athlete, client } = trainee;
    const session = trainee.startSession();
    await session.log('squat 5/5, bench 5/5');
    await session.finish('squat bench');

    const { sessionId } = session;
    const late = await client.logSets({
      userId: athlete.userId,
      sessionId,
      sets: session.setsOf('squat 3/5'),
    });

    expect(trainee.linesOf(late)).toEqual(['linear squat TARGET_MISSED']);
    expect(late.compensations).toMatchObject([
      { previousValue: '102.5', newValue: '100', liftMaxVersion: 3, liftId: trainee.liftId('squat') },
    ]);
    const { logs } = await client.listProgressionLogs({ userId: athlete.userId });
    const undone = logs.find(({ id }) => id === late.compensations[0]?.revertedLogId);
    expect(undone?.revertedByLogId).toBe(late.compensations[0]?.logId);
    expect(logs.find(({ id }) => id === late.compensations[0]?.logId)?.triggerContext).toMatchObject({
      actor: TEST_ACTOR,
      reason: `sets of session ${sessionId} arrived after its end`,
      undoneBy: 'LogSets',
    });
    expect(await valuesOf(trainee)).toEqual(['100 MANUAL', '102.5 PROGRESSION', '100 REVERT']);
    expect(await trainee.max('bench')).toBe('62.5');
    expect(await findBrokenChains(db.database)).toEqual([]);
  });

  test('is counted where it was performed: sessions since then come after it', async () => {
    const trainee = await createWith(deload({ failureThreshold: 2, countBy: 'SESSION' }));
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    await trainee.train('squat 5/5');

    expect(await session.log('squat 3/5')).toEqual(['deload squat FAILURE_THRESHOLD_NOT_MET']);
    expect(await trainee.failures(0, 'squat')).toBe(0);
    await trainee.train('squat 3/5');
    expect(await trainee.failures(0, 'squat')).toBe(1);
  });

  test('is counted in the order in which sets are read, also when the clock of another server was ahead', async () => {
    const trainee = await createWith(deload({ failureThreshold: 5 }), successful);
    const { accountId, userId } = trainee.athlete;
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    await session.log('squat 3/5');
    const idOfClockAhead = `ffffffff${uuidv7().slice(8)}`;
    await readRows(
      db.database,
      sql`update logged_sets set id = ${idOfClockAhead}
        where account_id = ${accountId} and user_id = ${userId} and reps_performed = 3`,
    );

    await session.log('squat 5/5');
    const counted = await trainee.failures(0, 'squat');

    // Anything that is decided again replays the sets as they are read: the miss is the last one.
    await session.log('squat 5/5');
    expect([counted, await trainee.failures(0, 'squat')]).toEqual([1, 1]);
  });

  test('takes a rule to its next stage', async () => {
    const trainee = await createWith(stages({ countBy: 'SESSION' }));
    const session = trainee.startSession();
    await session.log('squat 3/3');
    await session.finish('squat');

    expect(await session.log('squat 1/3')).toEqual(['stage squat 100 → 100 stage 1']);
    expect(await session.log('squat 0/3')).toEqual(['stage squat ALREADY_APPLIED stage 1']);
  });
});

describe('a set that changes nothing of what its session decided', () => {
  test('leaves the applications as they are', async () => {
    const trainee = await createWith(successful);
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');

    expect(await session.log('squat 5/5')).toEqual(['linear squat ALREADY_APPLIED']);
    expect(await valuesOf(trainee)).toEqual(['100 MANUAL', '102.5 PROGRESSION']);
  });

  test('does so while later applications stand', async () => {
    const trainee = await createWith(successful);
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    await trainee.train('squat 5/5');

    expect(await session.log('squat 5/5')).toEqual(['linear squat ALREADY_APPLIED']);
    expect(await trainee.max('squat')).toBe('105');
  });
});

describe('a session that cannot be decided again', () => {
  test('is said to be completed when a later application of the lift stands', async () => {
    const trainee = await createWith(successful, amrap());
    const session = trainee.startSession();
    await session.log('squat 5/5, bench 5/5');
    await session.finish('squat bench');
    await trainee.train('squat 5/5');

    expect(await session.log('squat 3/5, bench 3/5')).toEqual([
      'amrap bench NOT_AMRAP',
      'amrap bench NOT_AMRAP',
      'linear bench TARGET_MISSED',
      'amrap squat NOT_AMRAP',
      'linear squat SESSION_ALREADY_COMPLETED',
    ]);
    expect(await trainee.max('squat')).toBe('105');
    expect(await trainee.max('bench')).toBe('60');
  });

  test('is said to be completed when a value was set by hand since', async () => {
    const trainee = await createWith(successful);
    const { athlete, client, liftId } = trainee;
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    const max = { userId: athlete.userId, liftId: liftId('squat'), maxType: MaxType.TRAINING_MAX };
    await client.setLiftMax({ ...max, value: '120' });

    expect(await session.log('squat 3/5')).toEqual(['linear squat SESSION_ALREADY_COMPLETED']);
    expect(await trainee.max('squat')).toBe('120');
  });

  test('is said to be completed when it did not name the lift', async () => {
    const trainee = await createWith(successful);
    const session = trainee.startSession();
    await session.finish('squat');

    expect(await session.log('bench 5/5')).toEqual(['linear bench SESSION_ALREADY_COMPLETED']);
    expect(await session.finish('squat bench')).toEqual([
      'linear squat ALREADY_APPLIED',
      'linear bench 60 → 62.5',
    ]);
  });

  test('does not apply again what a coach has reverted', async () => {
    const trainee = await createWith(linear());
    const { athlete, client } = trainee;
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    const { logs } = await client.listProgressionLogs({ userId: athlete.userId });
    await client.revertProgression({ userId: athlete.userId, logId: `${logs[0]?.id}`, reason: 'too early' });

    expect(await session.log('squat 5/5')).toEqual(['linear squat SESSION_ALREADY_COMPLETED']);
    expect(await trainee.max('squat')).toBe('100');
  });

  test('of an earlier enrollment counts the set for the present one', async () => {
    const trainee = await createWith(successful);
    const { userId, accountId, programId } = trainee.athlete;
    const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
    await programs.enrollUser({ userId, programId });

    expect(await session.log('squat 3/5')).toEqual(['linear squat SESSION_ALREADY_COMPLETED']);
    expect(await trainee.max('squat')).toBe('102.5');
  });
});

test("sets are late for the lifts with which an earlier enrollment's session was completed again", async () => {
  const trainee = await createWith(successful);
  const { userId, accountId, programId } = trainee.athlete;
  const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
  const session = trainee.startSession();
  await session.log('squat 5/5');
  await session.finish('squat');
  await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
  await programs.enrollUser({ userId, programId });
  await session.finish('squat bench');

  expect(await session.log('bench 3/5, squat 3/5')).toEqual([
    'linear bench TARGET_MISSED',
    'linear squat SESSION_ALREADY_COMPLETED',
  ]);
  expect(await trainee.max('bench')).toBe('60');
  expect(await trainee.max('squat')).toBe('102.5');
});

describe('late sets', () => {
  test('are answered from the ledger when they are sent again', async () => {
    const trainee = await createWith(successful);
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');
    const { userId } = trainee.athlete;
    const { sessionId } = session;
    const request = { userId, sessionId, sets: session.setsOf('squat 3/5') };
    const id = uuidv7();
    const first = await callUnder(id, (call) => trainee.client.logSets(request, call));

    const again = await expectUnchanged(db.database, () =>
      callUnder(id, (call) => trainee.client.logSets(request, call)),
    );
    expect(again).toEqual({ answer: first.answer, isReplayed: true });
    expect(trainee.linesOf(await trainee.client.logSets(request))).toEqual([]);
  });

  test('only show what they would do when asked to validate', async () => {
    const trainee = await createWith(successful);
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');

    const shown = await expectUnchanged(db.database, () => session.log('squat 3/5', { validateOnly: true }));
    expect(shown).toEqual(['linear squat TARGET_MISSED']);
  });
});

describe('a session that is completed again', () => {
  test('applies the lifts that it did not name before, and only those', async () => {
    const trainee = await createWith(linear());
    const session = trainee.startSession();
    await session.finish('squat');

    expect(await session.finish('squat bench')).toEqual([
      'linear squat ALREADY_APPLIED',
      'linear bench 60 → 62.5',
    ]);
    expect(await session.finish('squat bench')).toEqual([
      'linear squat ALREADY_APPLIED',
      'linear bench ALREADY_APPLIED',
    ]);
    expect(await trainee.max('squat')).toBe('102.5');
  });

  test('leaves out what was not performed, and counts it', async () => {
    const trainee = await createWith(linear());
    const { athlete, client, liftId } = trainee;
    const { userId } = athlete;
    const complete = (...lifts: string[]) =>
      client.handleSessionComplete({
        userId,
        session: {
          sessionId: '5e551040-0000-4000-8000-000000000009',
          daySlug: 'a',
          weekNumber: 1,
          liftsPerformed: lifts.map(liftId),
        },
      });
    expect((await complete('squat')).outcome).toMatchObject({ totalApplied: 1, totalNotPerformed: 1 });

    expect((await complete('squat', 'bench')).outcome).toMatchObject({
      ...{ totalApplied: 1, totalSkipped: 1, totalNotPerformed: 0 },
    });
  });

  test('is one session with all its lifts, and its outcome is all that it applied', async () => {
    const trainee = await createWith(linear());
    const { athlete, client, liftId } = trainee;
    const session = trainee.startSession();
    await session.finish('squat');
    await session.finish('bench');
    const { userId } = athlete;

    expect((await client.listSessions({ userId })).sessions).toMatchObject([
      { sessionId: session.sessionId, liftsPerformed: [liftId('squat'), liftId('bench')] },
    ]);
    const { events } = await client.getEventOutcome({
      userId,
      event: { case: 'sessionId', value: session.sessionId },
    });
    expect(events.map((event) => trainee.linesOf(event))).toEqual([
      ['linear squat 100 → 102.5', 'linear bench LIFT_NOT_PERFORMED'],
      ['linear squat ALREADY_APPLIED', 'linear bench 60 → 62.5'],
    ]);
  });

  test('decides each lift again for sets that come in after it', async () => {
    const trainee = await createWith(successful);
    const session = trainee.startSession();
    await session.finish('squat');
    await session.finish('squat bench');

    expect(await session.log('bench 3/5')).toEqual(['linear bench TARGET_MISSED']);
    expect(await trainee.max('bench')).toBe('60');
    expect(await trainee.max('squat')).toBe('102.5');
  });

  test('refuses a lift that does not exist, and applies nothing', async () => {
    const trainee = await createWith(linear());
    const { userId } = trainee.athlete;
    const session = trainee.startSession();
    await session.finish('squat');
    const added = { sessionId: session.sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: [uuidv7()] };

    await expectUnchanged(db.database, () =>
      expect(trainee.client.handleSessionComplete({ userId, session: added })).rejects.toThrow(
        /does not exist/,
      ),
    );
  });
});
