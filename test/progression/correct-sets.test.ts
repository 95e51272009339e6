/** CorrectSets and ListSetCorrections: sets change or go, with a trace, and their session is decided again. */
import { ConnectError } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus } from '../../src/gen/progression/v1/program_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal, WITHOUT_REQUEST_ID } from '../support/catalog-client.ts';
import { expectRefusedUnchanged, expectUnchanged } from '../support/expect-unchanged.ts';
import type { RuleFixture } from '../support/fixtures.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { callUnder } from '../support/progression-client.ts';
import { amrap, deload, linear, stages } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type LoggableSet, type Trainee, type TrainingSession } from '../support/trainee.ts';

const db = useTestDatabase();

const successful = linear({ requireSuccess: true });

function createWith(...rules: RuleFixture[]): Promise<Trainee> {
  return createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
}

/** A session that was logged and completed, with the sets as they were logged. */
async function trainWith(trainee: Trainee, sets: string): Promise<TrainingSession> {
  const session = trainee.startSession();
  await session.log(sets);
  await session.finish(
    sets
      .split(', ')
      .map((ofLift) => `${ofLift.split(' ')[0]}`)
      .join(' '),
  );
  return session;
}

/** The set of this number, as it was performed. */
function setOf({ liftId }: Trainee, lift: string, setNumber: number, changes: Partial<LoggableSet> = {}) {
  const set = { liftId: liftId(lift), setNumber, kind: SetKind.WORK, weight: '60', targetReps: 5 };
  return { ...set, repsPerformed: 5, ...changes };
}

interface Asked {
  readonly sets?: readonly (LoggableSet & { rpe?: string })[];
  readonly remove?: readonly (readonly [lift: string, setNumber: number])[];
  readonly validateOnly?: boolean;
}

function requestOf({ athlete, liftId }: Trainee, session: TrainingSession, asked: Asked) {
  const changed = (asked.sets ?? []).map((value) => ({ change: { case: 'set' as const, value } }));
  const removed = (asked.remove ?? []).map(([lift, setNumber]) => ({
    change: { case: 'remove' as const, value: { liftId: liftId(lift), setNumber } },
  }));
  return {
    ...{ userId: athlete.userId, sessionId: session.sessionId, reason: 'a typing error' },
    ...{ corrections: [...changed, ...removed], validateOnly: asked.validateOnly ?? false },
  };
}

function correct(trainee: Trainee, session: TrainingSession, asked: Asked) {
  return trainee.client.correctSets(requestOf(trainee, session, asked));
}

describe('a corrected set', () => {
  test('that missed its target after all takes back what its session applied', async () => {
    const trainee = await createWith(successful);
    const session = await trainWith(trainee, 'squat 5/5 5/5, bench 5/5');

    const answer = await correct(trainee, session, {
      sets: [setOf(trainee, 'squat', 2, { repsPerformed: 3 })],
    });

    expect(trainee.linesOf({ ...(answer.outcome && { outcome: answer.outcome }) })).toEqual([
      'linear squat TARGET_MISSED',
    ]);
    expect(answer.sets).toMatchObject([{ setNumber: 2, repsPerformed: 3, failed: true }]);
    expect(answer.compensations).toMatchObject([{ previousValue: '102.5', newValue: '100' }]);
    expect([await trainee.max('squat'), await trainee.max('bench')]).toEqual(['100', '62.5']);
    expect(await findBrokenChains(db.database)).toEqual([]);
  });

  test('that met its target after all has its session apply', async () => {
    const trainee = await createWith(successful, deload({ failureThreshold: 3 }));
    const session = await trainWith(trainee, 'squat 3/5');
    expect(await trainee.failures(1, 'squat')).toBe(1);

    const answer = await correct(trainee, session, { sets: [setOf(trainee, 'squat', 1)] });

    expect(trainee.linesOf({ ...(answer.outcome && { outcome: answer.outcome }) })).toEqual([
      'linear squat 100 → 102.5',
    ]);
    expect(answer.failureCounters).toMatchObject([{ consecutiveFailures: 0 }]);
    expect(await trainee.failures(1, 'squat')).toBe(0);
  });

  test('changes the count of the sessions since, which are not decided again', async () => {
    const trainee = await createWith(deload({ failureThreshold: 3, countBy: 'SESSION' }));
    const session = await trainWith(trainee, 'squat 5/5');
    await trainWith(trainee, 'squat 3/5');
    await trainWith(trainee, 'squat 3/5');
    expect(await trainee.failures(0, 'squat')).toBe(2);

    await correct(trainee, session, { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 2 })] });

    expect(await trainee.failures(0, 'squat')).toBe(3);
    expect(await trainee.max('squat')).toBe('100');
    expect(await trainee.train('squat 3/5')).toContain('deload squat 100 → 90');
  });

  test('goes back to the stage that it should have been', async () => {
    const trainee = await createWith(stages());
    const session = trainee.startSession();
    expect(await session.log('squat 2/3')).toEqual(['stage squat 100 → 100 stage 1']);

    await correct(trainee, session, {
      sets: [setOf(trainee, 'squat', 1, { targetReps: 3, repsPerformed: 3 })],
    });
    expect(await session.log('squat 2/3')).toEqual(['stage squat 100 → 100 stage 1']);
  });

  test('leaves alone what the session decides as before', async () => {
    const trainee = await createWith(amrap(), successful);
    const session = await trainWith(trainee, 'squat 9/5+, bench 5/5');

    const { compensations, outcome } = await correct(trainee, session, {
      sets: [setOf(trainee, 'squat', 1, { kind: SetKind.AMRAP, repsPerformed: 8 })],
    });

    expect(trainee.linesOf({ ...(outcome && { outcome }) })).toEqual([
      'amrap squat ALREADY_APPLIED',
      'linear squat ALREADY_APPLIED',
    ]);
    expect(compensations).toEqual([]);
  });

  test('of weight, RPE or time decides nothing, and can be of any enrollment', async () => {
    const trainee = await createWith(successful);
    const { userId, accountId } = trainee.athlete;
    const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
    const session = await trainWith(trainee, 'squat 5/5');
    await trainWith(trainee, 'squat 5/5');
    await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });

    const { sets, outcome } = await correct(trainee, session, {
      sets: [{ ...setOf(trainee, 'squat', 1, { weight: '100' }), rpe: '8.5' }],
    });

    expect(sets).toMatchObject([{ weight: '100', rpe: '8.5' }]);
    expect(outcome).toBeUndefined();
    expect(await trainee.max('squat')).toBe('105');
  });

  test('in a session that has not ended is what its end decides by', async () => {
    const trainee = await createWith(successful);
    const session = trainee.startSession();
    await session.log('squat 3/5');
    await correct(trainee, session, { sets: [setOf(trainee, 'squat', 1)] });

    expect(await session.finish('squat')).toContain('linear squat 100 → 102.5');
  });

  test('that came in late is decided with its session', async () => {
    const trainee = await createWith(successful);
    const session = await trainWith(trainee, 'squat 5/5');
    await session.log('squat 3/5');
    expect(await trainee.max('squat')).toBe('100');

    await correct(trainee, session, { sets: [setOf(trainee, 'squat', 2)] });
    expect(await trainee.max('squat')).toBe('102.5');
  });
});

describe('a removed set', () => {
  test('has never been, and gives up its number', async () => {
    const trainee = await createWith(successful, deload({ failureThreshold: 1, countBy: 'SET' }));
    const { athlete, client } = trainee;
    const session = await trainWith(trainee, 'squat 5/5 3/5');
    expect(await trainee.max('squat')).toBe('90');

    const { removedSets } = await correct(trainee, session, { remove: [['squat', 2]] });

    expect(removedSets).toMatchObject([{ setNumber: 2, repsPerformed: 3 }]);
    expect(await trainee.max('squat')).toBe('102.5');
    expect((await client.listLoggedSets({ userId: athlete.userId })).sets).toHaveLength(1);
    const sets = [setOf(trainee, 'squat', 2)];
    const again = await client.logSets({ userId: athlete.userId, sessionId: session.sessionId, sets });
    expect(trainee.linesOf(again)).toEqual(['linear squat ALREADY_APPLIED']);
  });

  test('leaves the outcome of the call that logged it where it can be read', async () => {
    const trainee = await createWith(deload());
    const { athlete, client } = trainee;
    const session = trainee.startSession();
    await session.log('squat 3/5');
    await correct(trainee, session, { remove: [['squat', 1]] });

    const event = { case: 'sessionId' as const, value: session.sessionId };
    const { events } = await client.getEventOutcome({ userId: athlete.userId, event });
    expect(events.map((each) => trainee.linesOf(each))).toEqual([['deload squat 100 → 90']]);
  });
});

describe('what sets were', () => {
  test('is listed with who corrected them, when and why, newest first', async () => {
    const trainee = await createWith(successful);
    const { athlete, client, liftId } = trainee;
    const { userId } = athlete;
    const session = await trainWith(trainee, 'squat 5/5, bench 5/5');
    await correct(trainee, session, { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 3 })] });
    await correct(trainee, session, { remove: [['bench', 1]] });

    const { corrections, totalSize } = await client.listSetCorrections({ userId, includeTotalSize: true });

    expect(totalSize).toBe(2);
    expect(corrections).toMatchObject([
      {
        ...{ sessionId: session.sessionId, liftId: liftId('bench'), setNumber: 1, actor: TEST_ACTOR },
        ...{ reason: 'a typing error', before: { repsPerformed: 5, weight: '60' } },
      },
      { liftId: liftId('squat'), before: { repsPerformed: 5 }, after: { repsPerformed: 3, failed: true } },
    ]);
    expect(corrections[0]?.after).toBeUndefined();
    const ofSquat = await client.listSetCorrections({ userId, liftId: liftId('squat') });
    expect(ofSquat.corrections).toEqual([corrections[1]]);
    const first = await client.listSetCorrections({ userId, pageSize: 1 });
    const second = await client.listSetCorrections({ userId, pageSize: 1, pageToken: first.nextPageToken });
    expect([...first.corrections, ...second.corrections]).toEqual(corrections);
    expect((await client.listSetCorrections({ userId, sessionId: uuidv7() })).corrections).toEqual([]);
  });

  test('is in the audit trail, and keeps no reason when the athlete is erased', async () => {
    const trainee = await createWith(successful);
    const { userId, accountId } = trainee.athlete;
    const session = await trainWith(trainee, 'squat 5/5');
    const { removedSets } = await correct(trainee, session, { remove: [['squat', 1]] });
    const [entry] = await rowsOf(db.database, accountId, 'audit_log');
    expect(entry).toMatchObject({
      action: 'CorrectSets',
      target_type: 'event',
      target_id: session.sessionId,
      reason: 'a typing error',
      before: { setIds: [removedSets[0]?.id] },
    });

    const { users } = createCatalogClient(db.database, { accountId, clock: systemClock });
    await users.eraseUser({ userId, reason: 'asked for' });
    const [kept] = await rowsOf<{ reason: string }>(db.database, accountId, 'set_corrections');
    expect(kept?.reason).toBe('');
  });
});

describe('a correction', () => {
  test('is refused, and names what is in the way, while a later application stands', async () => {
    const trainee = await createWith(successful);
    const { athlete, client } = trainee;
    const session = await trainWith(trainee, 'squat 5/5, bench 5/5');
    await trainWith(trainee, 'squat 5/5');
    const [latest] = (await client.listProgressionLogs({ userId: athlete.userId })).logs;

    const refusal = await expectUnchanged(db.database, () =>
      correct(trainee, session, {
        sets: [
          setOf(trainee, 'squat', 1, { repsPerformed: 3 }),
          setOf(trainee, 'bench', 1, { repsPerformed: 3 }),
        ],
      }).catch((error: unknown) => ConnectError.from(error)),
    );
    const [info] = (refusal as ConnectError).findDetails(ErrorInfoSchema);
    expect(info).toMatchObject({
      reason: 'NOT_LATEST_APPLICATION',
      metadata: { inTheWayLogIds: latest?.id },
    });
  });

  test('is refused while a set that came in late was decided after another session', async () => {
    const trainee = await createWith(deload(), deload({ failureThreshold: 3, countBy: 'SESSION' }));
    const session = await trainWith(trainee, 'squat 5/5 5/5');
    await trainee.startSession().log('squat 3/5');
    expect(await session.log('squat 3/5')).toContain('deload1 squat SESSION_ALREADY_COMPLETED');
    expect(await trainee.max('squat')).toBe('80');

    await expectRefusedUnchanged(
      db.database,
      () => correct(trainee, session, { remove: [['squat', 1]] }),
      'NOT_LATEST_APPLICATION',
    );
  });

  test('is refused while a week that asked for success stands after it', async () => {
    const trainee = await createWith(linear({ triggerType: 'AFTER_WEEK', requireSuccess: true }));
    const session = await trainWith(trainee, 'squat 5/5');
    await trainee.advanceWeek(1);

    await correct(trainee, session, { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 6 })] });
    await expectRefusedUnchanged(
      db.database,
      () => correct(trainee, session, { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 3 })] }),
      'NOT_LATEST_APPLICATION',
    );
  });

  test('is refused while it would bring back what a coach has reverted', async () => {
    const trainee = await createWith(successful);
    const { athlete, client } = trainee;
    const { userId } = athlete;
    const session = await trainWith(trainee, 'squat 5/5 5/5');
    const [log] = (await client.listProgressionLogs({ userId })).logs;
    await client.revertProgression({ userId, logId: `${log?.id}`, reason: 'too early' });

    await expectRefusedUnchanged(
      db.database,
      () => correct(trainee, session, { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 6 })] }),
      'NOT_LATEST_APPLICATION',
    );
    await correct(trainee, session, { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 3 })] });
    expect(await trainee.max('squat')).toBe('100');
  });

  test('only shows what would change when asked to validate', async () => {
    const trainee = await createWith(successful);
    const session = await trainWith(trainee, 'squat 5/5');
    const request = requestOf(trainee, session, { remove: [['squat', 1]], validateOnly: true });
    const asked = { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 3 })], validateOnly: true };

    await expectUnchanged(db.database, () => trainee.client.correctSets(request, WITHOUT_REQUEST_ID));
    const shown = await expectUnchanged(db.database, () => correct(trainee, session, asked));
    expect(shown.compensations).toMatchObject([{ previousValue: '102.5', newValue: '100' }]);
  });

  test('happens once under its request ID', async () => {
    const trainee = await createWith(successful);
    const session = await trainWith(trainee, 'squat 5/5');
    const request = requestOf(trainee, session, { sets: [setOf(trainee, 'squat', 1, { repsPerformed: 3 })] });
    const id = uuidv7();
    const first = await callUnder(id, (call) => trainee.client.correctSets(request, call));

    const again = await expectUnchanged(db.database, () =>
      callUnder(id, (call) => trainee.client.correctSets(request, call)),
    );
    expect(again).toEqual({ ...first, isReplayed: true });
    await expectRefusal(trainee.client.correctSets(request, WITHOUT_REQUEST_ID), 'REQUEST_ID_REQUIRED');
  });

  test('is refused for sets that are not there, that are named twice, and for what is not valid', async () => {
    const trainee = await createWith(successful);
    const session = await trainWith(trainee, 'squat 5/5');
    const twice = [setOf(trainee, 'squat', 1), setOf(trainee, 'squat', 1)];
    const refused = (asked: Asked, reason: Parameters<typeof expectRefusedUnchanged>[2], fields?: string[]) =>
      expectRefusedUnchanged(db.database, () => correct(trainee, session, asked), reason, fields);

    await refused(
      {
        remove: [
          ['squat', 1],
          ['squat', 2],
        ],
      },
      'LOGGED_SET_NOT_FOUND',
    );
    await refused({ sets: twice }, 'VALIDATION_FAILED', ['corrections[1]']);
    await refused({}, 'VALIDATION_FAILED', ['corrections']);
    await refused({ sets: [setOf(trainee, 'squat', 1, { weight: 'heavy' })] }, 'VALIDATION_FAILED', [
      'corrections[0].set.weight',
    ]);
  });

  test('is refused for sets of an earlier enrollment', async () => {
    const trainee = await createWith(successful);
    const { userId, accountId, programId } = trainee.athlete;
    const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
    const session = await trainWith(trainee, 'squat 5/5');
    await programs.unenrollUser({ userId, status: EnrollmentStatus.PAUSED });
    await programs.enrollUser({ userId, programId });

    await expectRefusedUnchanged(
      db.database,
      () => correct(trainee, session, { remove: [['squat', 1]] }),
      'EARLIER_ENROLLMENT',
    );
  });
});
