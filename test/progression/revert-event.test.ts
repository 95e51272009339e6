/** RevertEvent: everything that one event applied is undone at once, or nothing is. */
import { ConnectError } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus } from '../../src/gen/progression/v1/program_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal, WITHOUT_REQUEST_ID } from '../support/catalog-client.ts';
import { expectRefusedUnchanged, expectUnchanged } from '../support/expect-unchanged.ts';
import type { RuleFixture } from '../support/fixtures.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { callUnder, under } from '../support/progression-client.ts';
import { amrap, cycle, deload, linear, stages } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

function createWith(...rules: RuleFixture[]): Promise<Trainee> {
  return createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
}

function revertSession({ client, athlete }: Trainee, sessionId: string, validateOnly = false) {
  const event = { case: 'sessionId' as const, value: sessionId };
  return client.revertEvent({ userId: athlete.userId, event, reason: 'the wrong athlete', validateOnly });
}

function revertRequest({ client, athlete }: Trainee, requestId: string) {
  const event = { case: 'requestId' as const, value: requestId };
  return client.revertEvent({ userId: athlete.userId, event, reason: 'the wrong athlete' });
}

describe('a session whose completion is reverted', () => {
  test('has applied nothing to any lift', async () => {
    const trainee = await createWith(linear());
    const session = trainee.startSession();
    await session.log('squat 5/5, bench 5/5');
    await session.finish('squat bench');

    const { compensations } = await revertSession(trainee, session.sessionId);

    expect(
      compensations.map(({ previousValue, newValue }) => `${previousValue} → ${newValue}`).toSorted(),
    ).toEqual(['102.5 → 100', '62.5 → 60']);
    expect([await trainee.max('squat'), await trainee.max('bench')]).toEqual(['100', '60']);
    expect(await findBrokenChains(db.database)).toEqual([]);
  });

  test('can be completed anew, and is listed once', async () => {
    const trainee = await createWith(linear());
    const { athlete, client } = trainee;
    const session = trainee.startSession();
    await session.finish('squat bench');
    await revertSession(trainee, session.sessionId);
    expect((await client.listSessions({ userId: athlete.userId })).sessions).toEqual([]);

    expect(await session.finish('squat')).toContain('linear squat 100 → 102.5');
    expect((await client.listSessions({ userId: athlete.userId })).sessions).toHaveLength(1);
    await revertSession(trainee, session.sessionId);
    expect(await session.finish('bench')).toContain('linear bench 60 → 62.5');
    expect(await trainee.max('squat')).toBe('100');
  });

  test('is answered as before to a retry of the old call, which applies nothing', async () => {
    const trainee = await createWith(linear());
    const session = trainee.startSession();
    const id = uuidv7();
    const first = await callUnder(id, (call) => session.finish('squat', { call, at: 700_000_000_000_000n }));
    await revertSession(trainee, session.sessionId);

    const again = await callUnder(id, (call) => session.finish('squat', { call, at: 700_000_000_000_000n }));
    expect(again).toEqual({ ...first, isReplayed: true });
    expect(await trainee.max('squat')).toBe('100');
  });

  test('counts no more as a failure, and leaves no stage', async () => {
    const bySession = { countBy: 'SESSION' };
    const trainee = await createWith(deload({ failureThreshold: 3, ...bySession }), stages(bySession));
    await trainee.train('squat 3/5');
    const session = trainee.startSession();
    await session.log('squat 3/5');
    await session.finish('squat');
    expect(await trainee.failures(0, 'squat')).toBe(2);

    const { failureCounters } = await revertSession(trainee, session.sessionId);

    expect(await trainee.failures(0, 'squat')).toBe(1);
    expect(
      failureCounters.find(
        ({ progressionId, liftId }) =>
          progressionId === trainee.athlete.progressionIds[0] && liftId === trainee.liftId('squat'),
      )?.consecutiveFailures,
    ).toBe(1);
    expect(await trainee.train('squat 3/5')).toContain('stage squat 100 → 100 stage 2');
  });

  test('undoes the lifts with which it was completed again as well', async () => {
    const trainee = await createWith(linear());
    const session = trainee.startSession();
    await session.finish('squat');
    await session.finish('squat bench');

    await revertSession(trainee, session.sessionId);

    expect([await trainee.max('squat'), await trainee.max('bench')]).toEqual(['100', '60']);
  });

  test('is told with its outcome, and when it was reverted', async () => {
    const trainee = await createWith(linear());
    const { athlete, client } = trainee;
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat bench');
    await revertSession(trainee, session.sessionId);
    await session.finish('squat bench');

    const { events } = await client.getEventOutcome({
      userId: athlete.userId,
      event: { case: 'sessionId', value: session.sessionId },
    });
    expect(events.map(({ method, revertedAt }) => `${method} ${revertedAt ? 'reverted' : 'stands'}`)).toEqual(
      ['LogSets stands', 'HandleSessionComplete reverted', 'HandleSessionComplete stands'],
    );
  });

  test('leaves an entry in the audit trail', async () => {
    const trainee = await createWith(linear());
    const session = trainee.startSession();
    await session.finish('squat');
    const { compensations } = await revertSession(trainee, session.sessionId);

    const [entry] = await rowsOf(db.database, trainee.athlete.accountId, 'audit_log');
    expect(entry).toMatchObject({
      action: 'RevertEvent',
      actor: TEST_ACTOR,
      target_type: 'event',
      target_id: session.sessionId,
      reason: 'the wrong athlete',
      after: {
        revertedLogIds: [compensations[0]?.revertedLogId],
        logIds: [compensations[0]?.logId],
      },
    });
  });
});

describe('an event that later applications build on', () => {
  test('is not reverted, and the refusal names their rows and the versions set by hand', async () => {
    const trainee = await createWith(linear());
    const { athlete, client, liftId } = trainee;
    const session = trainee.startSession();
    await session.finish('squat bench');
    await trainee.startSession().finish('squat');
    const { userId } = athlete;
    const max = { userId, liftId: liftId('bench'), maxType: MaxType.TRAINING_MAX };
    await client.setLiftMax({ ...max, value: '70' });
    const [latest] = (await client.listProgressionLogs({ userId })).logs;

    const refusal = await expectUnchanged(db.database, () =>
      revertSession(trainee, session.sessionId).catch((error: unknown) => ConnectError.from(error)),
    );
    const [info] = (refusal as ConnectError).findDetails(ErrorInfoSchema);
    expect(info?.reason).toBe('NOT_LATEST_APPLICATION');
    expect(info?.metadata).toMatchObject({
      inTheWayLogIds: latest?.id,
      inTheWayVersions: `${liftId('bench')} TRAINING_MAX 3`,
    });
  });

  test('is reverted once these are', async () => {
    const trainee = await createWith(linear());
    const [first, second] = [trainee.startSession(), trainee.startSession()];
    await first.finish('squat');
    await second.finish('squat');

    await revertSession(trainee, second.sessionId);
    await revertSession(trainee, first.sessionId);
    expect(await trainee.max('squat')).toBe('100');
  });

  test('is not reverted while a later deload counted its failure', async () => {
    const trainee = await createWith(deload({ failureThreshold: 2, countBy: 'SESSION' }));
    const session = trainee.startSession();
    await session.log('squat 3/5');
    await session.finish('squat');
    await trainee.train('squat 3/5');
    expect(await trainee.max('squat')).toBe('90');

    await expectRefusedUnchanged(
      db.database,
      () => revertSession(trainee, session.sessionId),
      'NOT_LATEST_APPLICATION',
    );
  });
});

describe('other events', () => {
  test('a week and a cycle are undone, and can be reported anew', async () => {
    const trainee = await createWith(linear({ triggerType: 'AFTER_WEEK' }), cycle());
    const [week, wholeCycle] = [uuidv7(), uuidv7()];
    await trainee.advanceWeek(1, { call: under(week) });
    await trainee.completeCycle(1, 4, { call: under(wholeCycle) });

    await revertRequest(trainee, wholeCycle);
    await revertRequest(trainee, week);
    expect([await trainee.max('squat'), await trainee.max('bench')]).toEqual(['100', '60']);
    expect(await trainee.advanceWeek(1)).toContain('linear squat 100 → 102.5');
    expect(await trainee.completeCycle(1, 4)).toContain('cycle squat 102.5 → 107.5');
  });

  test('a manual trigger is undone, with the failures that it had reset', async () => {
    const trainee = await createWith(deload({ failureThreshold: 5, resetOnDeload: true }));
    await trainee.train('squat 3/5');
    const id = uuidv7();
    await trainee.ask(0, { lift: 'squat', force: true, call: under(id) });
    expect(await trainee.failures(0, 'squat')).toBe(0);

    await revertRequest(trainee, id);
    expect(await trainee.max('squat')).toBe('100');
    expect(await trainee.failures(0, 'squat')).toBe(1);
  });

  test('a call that logged sets is undone with them, and their numbers are free again', async () => {
    const trainee = await createWith(amrap(), deload({ failureThreshold: 2 }));
    const { athlete, client, liftId } = trainee;
    const session = trainee.startSession();
    await session.log('squat 4/5');
    const id = uuidv7();
    await session.log('squat 9/5+ 4/5', { call: under(id) });
    expect(await trainee.max('squat')).toBe('105');

    const { removedSets, outcome } = await revertRequest(trainee, id);

    expect(removedSets.map(({ setNumber }) => setNumber)).toEqual([2, 3]);
    expect(trainee.linesOf({ ...(outcome && { outcome }) })).toEqual([
      'amrap squat NOT_AMRAP',
      'deload squat FAILURE_THRESHOLD_NOT_MET',
    ]);
    expect(await trainee.max('squat')).toBe('100');
    const { sets } = await client.listLoggedSets({ userId: athlete.userId });
    expect(sets.map(({ setNumber }) => setNumber)).toEqual([1]);
    const again = [
      {
        liftId: liftId('squat'),
        setNumber: 2,
        kind: SetKind.WORK,
        weight: '60',
        targetReps: 5,
        repsPerformed: 4,
      },
    ];
    expect(
      trainee.linesOf(
        await client.logSets({ userId: athlete.userId, sessionId: session.sessionId, sets: again }),
      ),
    ).toContain('deload squat 100 → 90');
  });
});

describe('a revert', () => {
  test('only shows what it would undo when asked to validate', async () => {
    const trainee = await createWith(linear());
    const session = trainee.startSession();
    await session.finish('squat');

    const shown = await expectUnchanged(db.database, () =>
      trainee.client.revertEvent(
        {
          ...{ userId: trainee.athlete.userId, reason: 'x', validateOnly: true },
          event: { case: 'sessionId', value: session.sessionId },
        },
        WITHOUT_REQUEST_ID,
      ),
    );
    expect(shown.compensations).toMatchObject([{ previousValue: '102.5', newValue: '100' }]);
  });

  test('happens once under its request ID', async () => {
    const trainee = await createWith(linear());
    const { athlete, client } = trainee;
    const session = trainee.startSession();
    await session.finish('squat');
    const request = {
      ...{ userId: athlete.userId, reason: 'x' },
      event: { case: 'sessionId' as const, value: session.sessionId },
    };
    const id = uuidv7();
    const first = await callUnder(id, (call) => client.revertEvent(request, call));
    await session.finish('squat');

    expect(await callUnder(id, (call) => client.revertEvent(request, call))).toEqual({
      ...first,
      isReplayed: true,
    });
    expect(await trainee.max('squat')).toBe('102.5');
  });

  test('is refused for an event that is not there, and for one that was reverted', async () => {
    const trainee = await createWith(linear());
    const session = trainee.startSession();
    await expectRefusedUnchanged(
      db.database,
      () => revertSession(trainee, session.sessionId),
      'EVENT_NOT_FOUND',
    );
    await expectRefusedUnchanged(db.database, () => revertRequest(trainee, uuidv7()), 'EVENT_NOT_FOUND');
    const id = uuidv7();
    await session.finish('squat', { call: under(id) });
    await revertRequest(trainee, id);
    await expectRefusedUnchanged(db.database, () => revertRequest(trainee, id), 'EVENT_NOT_FOUND');
  });

  test('is refused for an event of an earlier enrollment, and without one', async () => {
    const trainee = await createWith(linear());
    const { userId, accountId, programId } = trainee.athlete;
    const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
    const session = trainee.startSession();
    await session.finish('squat');
    await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });

    await expectRefusedUnchanged(
      db.database,
      () => revertSession(trainee, session.sessionId),
      'NOT_ENROLLED',
    );
    await programs.enrollUser({ userId, programId });
    await expectRefusedUnchanged(
      db.database,
      () => revertSession(trainee, session.sessionId),
      'EARLIER_ENROLLMENT',
    );
  });

  test('needs a reason', async () => {
    const trainee = await createWith(linear());
    const { userId } = trainee.athlete;
    const event = { case: 'sessionId' as const, value: uuidv7() };
    await expectRefusal(trainee.client.revertEvent({ userId, event }), 'VALIDATION_FAILED', ['reason']);
  });
});
