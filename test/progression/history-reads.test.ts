/** GetEventOutcome, ListLoggedSets, ListSessions, and the lists of a whole account: what is stored can be read. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { type Instant, instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { createTeammate } from '../support/fixtures.ts';
import { under } from '../support/progression-client.ts';
import { deload, linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();

const START = instantFromText('2026-01-01T00:00:00.000000Z');
const dayAt = (day: number): Instant => START + BigInt(day) * 86_400_000_000n;
const FIXTURE = { lifts: { squat: '100', bench: '60' }, rules: [linear({ requireSuccess: true }), deload()] };

describe('GetEventOutcome', () => {
  test('of a session returns what its sets and its end applied, and why the rest did not, as it was answered', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);
    const { client, athlete, linesOf } = trainee;
    const session = trainee.startSession();
    const first = await session.log('squat 5/5, bench 4/5', { at: dayAt(1) });
    const second = await session.log('squat 5/5', { at: dayAt(1) });
    const end = await session.finish('squat bench', { at: dayAt(1) });
    await trainee.train('squat 3/5');

    const { events } = await client.getEventOutcome({
      userId: athlete.userId,
      event: { case: 'sessionId', value: session.sessionId },
    });

    expect(events.map((event) => [event.method, ...linesOf(event)])).toEqual([
      ['LogSets', ...first],
      ['LogSets', ...second],
      ['HandleSessionComplete', ...end],
    ]);
    expect(end).toContain('linear bench TARGET_MISSED');
    expect(events[2]?.occurredAt).toEqual(expect.objectContaining(instantToTimestamp(dayAt(1))));
  });

  test('of a request ID returns what that call did, also of a repetition that did nothing', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);
    const { client, athlete, linesOf } = trainee;
    const [first, again] = [uuidv7(), uuidv7()];
    const session = trainee.startSession();
    await session.finish('squat', { call: under(first) });
    await session.finish('squat', { call: under(again) });
    const outcomeOf = async (requestId: string) => {
      const event = { case: 'requestId' as const, value: requestId };
      const { events } = await client.getEventOutcome({ userId: athlete.userId, event });
      return events.map((each) => [each.requestId, linesOf(each)[0]]);
    };

    expect(await outcomeOf(first)).toEqual([[first, 'linear squat 100 → 102.5']]);
    expect(await outcomeOf(again)).toEqual([[again, 'linear squat ALREADY_APPLIED']]);
  });

  test('of an event that was never reported is not found', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, FIXTURE);
    const other = traineeWith(await createTrainee(db.database, FIXTURE), { client });
    const session = startSession();
    await session.finish('squat');
    const of = (userId: string, value: string) =>
      client.getEventOutcome({ userId, event: { case: 'sessionId', value } });

    await expectRefusal(of(athlete.userId, uuidv7()), 'EVENT_NOT_FOUND');
    await expectRefusal(of(other.athlete.userId, session.sessionId), 'USER_NOT_FOUND');
    await expectRefusal(
      client.getEventOutcome({ userId: athlete.userId, event: { case: 'requestId', value: uuidv7() } }),
      'EVENT_NOT_FOUND',
    );
    await expectRefusal(client.getEventOutcome({ userId: athlete.userId }), 'VALIDATION_FAILED', ['event']);
  });
});

describe('the lists of an athlete', () => {
  test('have every set, newest first, by session, lift and time, page by page', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);
    const { client, liftId } = trainee;
    const { userId } = trainee.athlete;
    const sessions = [trainee.startSession(), trainee.startSession()];
    await sessions[0]?.log('squat 5/5 3/5, bench 8/5+', { at: dayAt(1) });
    await sessions[1]?.log('squat w5/5 6/5', { at: dayAt(3) });
    const list = async (more: object) => {
      const { sets, totalSize } = await client.listLoggedSets({ userId, includeTotalSize: true, ...more });
      expect(totalSize).toBe(sets.length);
      return sets.map(({ repsPerformed, targetReps, failed }) => `${repsPerformed}/${targetReps} ${failed}`);
    };

    expect(await list({})).toEqual(['6/5 false', '5/5 false', '8/5 false', '3/5 true', '5/5 false']);
    expect(await list({ sessionId: sessions[0]?.sessionId })).toHaveLength(3);
    expect(await list({ liftId: liftId('bench') })).toEqual(['8/5 false']);
    expect(await list({ startTime: instantToTimestamp(dayAt(2)) })).toEqual(['6/5 false', '5/5 false']);
    expect(await list({ endTime: instantToTimestamp(dayAt(1)) })).toEqual([]);

    const all = await client.listLoggedSets({ userId });
    expect(all.totalSize).toBe(0);
    const paged = [];
    for (let pageToken = ''; ; ) {
      const page = await client.listLoggedSets({ userId, pageSize: 2, pageToken });
      paged.push(...page.sets);
      pageToken = page.nextPageToken;
      if (!pageToken) {
        break;
      }
    }
    expect(paged).toEqual(all.sets);
  });

  test('have every completed session with its results, newest first, by lift and time', async () => {
    const trainee = await createTrainee(db.database, FIXTURE);
    const { client, liftId } = trainee;
    const { userId } = trainee.athlete;
    const sessions = [trainee.startSession(), trainee.startSession(), trainee.startSession()];
    await sessions[0]?.log('squat 5/5 5/5', { at: dayAt(1) });
    await sessions[0]?.finish('squat bench', { at: dayAt(1), week: 2, day: 'day-b' });
    await sessions[1]?.finish('bench', { at: dayAt(2) });
    await sessions[2]?.log('squat 5/5', { at: dayAt(3) });
    const list = async (more: object) => {
      const answer = await client.listSessions({ userId, includeTotalSize: true, ...more });
      expect(answer.totalSize).toBe(answer.sessions.length);
      return answer.sessions.map(({ sessionId }) =>
        sessions.findIndex((session) => session.sessionId === sessionId),
      );
    };

    expect(await list({})).toEqual([1, 0]);
    expect(await list({ liftId: liftId('squat') })).toEqual([0]);
    expect(await list({ startTime: instantToTimestamp(dayAt(2)) })).toEqual([1]);
    const first = await client.listSessions({ userId, pageSize: 1 });
    const second = await client.listSessions({ userId, pageSize: 1, pageToken: first.nextPageToken });
    expect(second.sessions).toMatchObject([
      {
        sessionId: sessions[0]?.sessionId,
        daySlug: 'day-b',
        weekNumber: 2,
        liftsPerformed: [liftId('squat'), liftId('bench')],
        completedAt: instantToTimestamp(dayAt(1)),
        loggedSets: 2,
      },
    ]);
    expect(second.nextPageToken).toBe('');
  });
});

describe('the lists of an account', () => {
  async function createTeam() {
    const trainee = await createTrainee(db.database, FIXTURE);
    const mate = traineeWith(trainee, {
      athlete: await createTeammate(db.database, trainee.athlete, { squat: '140' }),
    });
    return { trainee, mate, client: trainee.client };
  }

  test('have the applications of every athlete, and of one session', async () => {
    const { trainee, mate, client } = await createTeam();
    const session = trainee.startSession();
    await session.log('bench 3/5', { at: dayAt(1) });
    await session.finish('squat', { at: dayAt(1) });
    await mate.startSession().finish('squat', { at: dayAt(2) });
    const { userId } = trainee.athlete;
    const listed = async (more: object) => {
      const { logs, totalSize } = await client.listProgressionLogs({ includeTotalSize: true, ...more });
      expect(totalSize).toBe(logs.length);
      return logs.map(
        (log) => `${log.userId === userId ? 'trainee' : 'mate'} ${log.liftName} ${log.newValue}`,
      );
    };

    expect(await listed({})).toEqual(['mate squat 142.5', 'trainee squat 102.5', 'trainee bench 55']);
    expect(await listed({ userId, sessionId: session.sessionId })).toEqual([
      'trainee squat 102.5',
      'trainee bench 55',
    ]);
    expect(await listed({ userId, sessionId: uuidv7() })).toEqual([]);
    await expectRefusal(client.listProgressionLogs({ sessionId: session.sessionId }), 'VALIDATION_FAILED', [
      'user_id',
    ]);
  });

  test('have the current maxes of every athlete, by lift, and of those who follow a program', async () => {
    const { trainee, mate, client } = await createTeam();
    await mate.startSession().finish('squat');
    const values = async (more: object) => {
      const { liftMaxes } = await client.listLiftMaxes(more);
      return liftMaxes.map(({ value }) => Number(value)).toSorted((a, b) => a - b);
    };

    expect(await values({})).toEqual([60, 100, 142.5]);
    expect(await values({ liftId: trainee.liftId('squat') })).toEqual([100, 142.5]);
    expect(await values({ programId: trainee.athlete.programId })).toEqual([60, 100, 142.5]);
    expect(await values({ programId: uuidv7() })).toEqual([]);
    const first = await client.listLiftMaxes({ pageSize: 2, includeTotalSize: true });
    const second = await client.listLiftMaxes({
      ...{ pageSize: 2, includeTotalSize: true },
      pageToken: first.nextPageToken,
    });
    expect([first.totalSize, first.liftMaxes.length, second.liftMaxes.length]).toEqual([3, 2, 1]);
  });
});

test('a max can be read as of any time', async () => {
  const trainee = await createTrainee(db.database, FIXTURE);
  const { client, athlete } = trainee;
  const max = { userId: athlete.userId, liftId: trainee.liftId('squat'), maxType: MaxType.TRAINING_MAX };
  const { liftMax: set } = await client.setLiftMax({ ...max, value: '110' });
  const at = (BigInt(set?.effectiveAt?.seconds ?? 0) + 10n) * 1_000_000n;
  await trainee.startSession().finish('squat', { at });
  const asOf = async (instant: Instant) =>
    (await client.getLiftMax({ ...max, asOf: instantToTimestamp(instant) })).liftMax?.value;

  expect(await asOf(at)).toBe('112.5');
  expect(await asOf(at - 1n)).toBe('110');
  await expectRefusal(client.getLiftMax({ ...max, asOf: instantToTimestamp(START) }), 'LIFT_MAX_NOT_FOUND');
});
