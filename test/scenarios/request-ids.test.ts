/** Idempotency: one application per request ID, and one per event; each check works without the other. */
import { toBinary } from '@bufbuild/protobuf';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import {
  HandleSessionCompleteResponseSchema as ResponseSchema,
  ResultReason,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged, expectUnchanged } from '../support/expect-unchanged.ts';
import { callUnder, createProgressionClient, under } from '../support/progression-client.ts';
import { cycle, linear } from '../support/rule-fixtures.ts';
import { dumpTables, rowsAdded, rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

const createSquatTrainee = (squat = '100'): Promise<Trainee> =>
  createTrainee(db.database, { lifts: { squat, bench: '60' }, rules: [linear(), cycle()] });

function sessionOf({ athlete, liftId }: Trainee, lifts: string[], sessionId = uuidv7()) {
  const session = { sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: lifts.map(liftId) };
  return { userId: athlete.userId, session, includeNotPerformed: true };
}

describe('the same request ID', () => {
  test('with the same payload returns the stored answer byte for byte, and changes nothing', async () => {
    const trainee = await createSquatTrainee();
    const request = sessionOf(trainee, ['squat']);
    const id = uuidv7();
    const call = () => callUnder(id, (options) => trainee.client.handleSessionComplete(request, options));

    const first = await call();
    await trainee.startSession().finish('squat');
    const replay = await expectUnchanged(db.database, call);

    expect([first.isReplayed, replay.isReplayed]).toEqual([false, true]);
    expect(toBinary(ResponseSchema, replay.answer)).toEqual(toBinary(ResponseSchema, first.answer));
  });

  test('is answered by another server process, also after the athlete is deleted', async () => {
    const trainee = await createSquatTrainee();
    const { accountId, userId } = trainee.athlete;
    const request = sessionOf(trainee, ['squat']);
    const id = uuidv7();
    const first = await trainee.client.handleSessionComplete(request, under(id));
    await db.database.transaction(accountId, (tx) =>
      tx.em.getConnection().execute(`update users set deleted_at = now() where id = '${userId}'`),
    );
    const other = createProgressionClient(db.open(), { accountId });

    const replay = await callUnder(id, (options) => other.handleSessionComplete(request, options));

    expect(replay).toEqual({ answer: first, isReplayed: true });
  });

  test('with the same ids in upper case counts as the same payload', async () => {
    const trainee = await createSquatTrainee();
    const { userId, session } = sessionOf(trainee, ['squat']);
    const id = uuidv7();
    const first = await trainee.client.handleSessionComplete({ userId, session }, under(id));
    const upperCase = {
      ...session,
      sessionId: session.sessionId.toUpperCase(),
      liftsPerformed: session.liftsPerformed.map((liftId) => liftId.toUpperCase()),
    };

    const replay = await callUnder(id, (options) =>
      trainee.client.handleSessionComplete({ userId: userId.toUpperCase(), session: upperCase }, options),
    );

    expect(replay).toEqual({ answer: first, isReplayed: true });
    expect(await trainee.startSession(upperCase.sessionId).finish('squat')).toContain(
      'linear squat ALREADY_APPLIED',
    );
  });

  test('with another payload is refused and changes nothing', async () => {
    const trainee = await createSquatTrainee();
    const id = uuidv7();
    await trainee.client.handleSessionComplete(sessionOf(trainee, ['squat']), under(id));
    const other = await createTrainee(db.database, {
      ...{ accountId: trainee.athlete.accountId },
      lifts: {},
    });

    for (const request of [
      sessionOf(trainee, ['squat', 'bench']),
      { ...sessionOf(trainee, ['squat']), userId: other.athlete.userId },
    ]) {
      await expectRefusedUnchanged(
        db.database,
        () => trainee.client.handleSessionComplete(request, under(id)),
        'REQUEST_ID_REUSED',
      );
    }
  });

  test('is a different key for another method or account', async () => {
    const trainee = await createSquatTrainee();
    const stranger = await createSquatTrainee();
    const id = uuidv7();
    const call = under(id);

    await trainee.startSession().finish('squat', { call });
    expect(await trainee.completeCycle(1, 4, { call })).toContain('cycle squat 102.5 → 107.5');
    expect(await trainee.startSession().log('squat 5/5', { call })).toEqual([]);
    expect(await trainee.ask(0, { lift: 'bench', call })).toEqual(['linear bench 65 → 67.5']);
    expect(await stranger.startSession().finish('squat', { call })).toContain('linear squat 100 → 102.5');
  });

  test('can be in upper case or in x-request-id, and idempotency-key takes precedence', async () => {
    const trainee = await createSquatTrainee();
    const request = sessionOf(trainee, ['squat']);
    const [id, rewritten] = [uuidv7(), uuidv7()];
    const first = await trainee.client.handleSessionComplete(request, { headers: { 'x-request-id': id } });

    for (const headers of [
      { 'idempotency-key': id.toUpperCase() },
      { 'idempotency-key': id, 'x-request-id': rewritten },
    ]) {
      expect(
        await expectUnchanged(db.database, () => trainee.client.handleSessionComplete(request, { headers })),
      ).toEqual(first);
    }
  });

  test('can be reused after a failed call, also with another payload', async () => {
    const trainee = await createSquatTrainee('999999999999');
    const id = uuidv7();
    const request = sessionOf(trainee, ['squat']);
    await expectRefusedUnchanged(
      db.database,
      () => trainee.client.handleSessionComplete(request, under(id)),
      'VALUE_OUT_OF_RANGE',
    );

    const { answer, isReplayed } = await callUnder(id, (options) =>
      trainee.client.handleSessionComplete(sessionOf(trainee, ['bench']), options),
    );

    expect(isReplayed).toBe(false);
    expect(trainee.linesOf(answer)).toContain('linear bench 60 → 62.5');
  });
});

describe('a repeated session under a new request ID', () => {
  test('applies nothing, and returns the first application', async () => {
    const trainee = await createSquatTrainee();
    const request = sessionOf(trainee, ['squat']);
    const first = await trainee.client.handleSessionComplete(request);
    await trainee.startSession().finish('squat');
    const before = await dumpTables(db.database);

    const { outcome } = await trainee.client.handleSessionComplete(request);

    expect(rowsAdded(before, await dumpTables(db.database))).toEqual({ requests: 1 });
    const [applied] = first.outcome?.results ?? [];
    expect(outcome).toMatchObject({ programId: trainee.athlete.programId, totalApplied: 0, totalSkipped: 2 });
    expect(outcome?.results[0]).toMatchObject({
      applied: false,
      reason: ResultReason.ALREADY_APPLIED,
      logId: applied?.logId,
      previousValue: '102.5',
      newValue: '102.5',
      delta: '0',
    });
    expect(outcome?.results[1]).toEqual(first.outcome?.results[1]);
  });

  test('stores its own answer under the new request ID', async () => {
    const trainee = await createSquatTrainee();
    const request = sessionOf(trainee, ['squat']);
    await trainee.client.handleSessionComplete(request);
    const id = uuidv7();
    const second = await trainee.client.handleSessionComplete(request, under(id));

    const replay = await callUnder(id, (options) => trainee.client.handleSessionComplete(request, options));

    expect(replay).toEqual({ answer: second, isReplayed: true });
  });

  test('applies no rule added later to the lifts that it had, and every rule to those that it had not', async () => {
    const trainee = await createSquatTrainee();
    const { accountId, programId } = trainee.athlete;
    const session = sessionOf(trainee, ['squat']);
    await trainee.client.handleSessionComplete(session);
    const other = await createTrainee(db.database, {
      accountId,
      lifts: { squat: '1' },
      rules: [linear({ increment: '50' })],
    });
    await db.database.transaction(accountId, async (tx) => {
      const moved = `update program_progressions set program_id = '${programId}' where program_id = '${other.athlete.programId}'`;
      await tx.em.execute(moved);
      await tx.em.execute(`update programs set revision = revision + 1 where id = '${programId}'`);
    });

    const { sessionId } = session.session;
    expect(
      trainee.linesOf(
        await trainee.client.handleSessionComplete(sessionOf(trainee, ['squat', 'bench'], sessionId)),
      ),
    ).toEqual(['linear squat ALREADY_APPLIED', 'linear bench 60 → 62.5', 'bench 62.5 → 112.5']);
    expect(await trainee.startSession().finish('squat')).toContain('squat 105 → 155');
  });

  test('is recorded once', async () => {
    const trainee = await createSquatTrainee();
    const session = trainee.startSession();
    for (let copy = 0; copy < 3; copy += 1) {
      await session.finish('squat');
    }

    const rows = await rowsOf(db.database, trainee.athlete.accountId, 'requests');
    expect(rows.map(({ trigger_key }) => trigger_key)).toEqual([`session:${session.sessionId}`, null, null]);
  });
});

describe('a session that failed', () => {
  test('leaves no data, so that the next attempt applies completely', async () => {
    const trainee = await createSquatTrainee('999999999999');
    const session = trainee.startSession();
    await expectRefusal(session.finish('squat bench'), 'VALUE_OUT_OF_RANGE');
    await trainee.client.setLiftMax({
      userId: trainee.athlete.userId,
      liftId: trainee.liftId('squat'),
      maxType: 2,
      value: '90',
    });

    expect(await session.finish('squat bench')).toEqual(['linear squat 90 → 92.5', 'linear bench 60 → 62.5']);
  });
});
