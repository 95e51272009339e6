/** How long events wait, and that an event is dropped when its caller waits no longer. */
import { Code, ConnectError } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../src/config/config.ts';
import { RetryInfoSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { expectUnchanged } from '../../support/expect-unchanged.ts';
import { createTeammate } from '../../support/fixtures.ts';
import { expectWaiting, holdAthlete } from '../../support/held-athlete.ts';
import { createProgressionClient, under } from '../../support/progression-client.ts';
import { linear } from '../../support/rule-fixtures.ts';
import { type Fault, openFaultyDatabase } from '../../support/statement-faults.ts';
import { rowsOf } from '../../support/table-dump.ts';
import { useTestDatabasePerTest } from '../../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../../support/trainee.ts';

const db = useTestDatabasePerTest();

const createOne = (limits: Partial<Limits> = {}): Promise<Trainee> =>
  createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] }, { limits });

async function createMate(trainee: Trainee): Promise<Trainee> {
  const athlete = await createTeammate(db.database, trainee.athlete, { squat: '60' });
  return traineeWith(trainee, { athlete });
}

function squat({ startSession }: Trainee, call: { signal?: AbortSignal } = {}) {
  return startSession().finish('squat', { call });
}

describe('an athlete whose lock another transaction holds', () => {
  test('delays events of that athlete, and no other ones', async () => {
    const trainee = await createOne();
    const mate = await createMate(trainee);
    const held = await holdAthlete(db.open(), trainee.athlete);
    const delayed = squat(trainee);
    await expectWaiting(db.database, 1);

    expect(await squat(mate)).toEqual(['linear squat 60 → 62.5']);
    await held.release();
    expect(await delayed).toEqual(['linear squat 100 → 102.5']);
  });

  test('delays events that were grouped with those of other athletes', async () => {
    const trainee = await createOne();
    const mates = await Promise.all([createMate(trainee), createMate(trainee)]);
    const held = await holdAthlete(db.open(), trainee.athlete);

    const [delayed, ...others] = [squat(trainee), ...mates.map((mate) => squat(mate))];

    expect(await Promise.all(others)).toEqual(mates.map(() => ['linear squat 60 → 62.5']));
    await held.release();
    expect(await delayed).toEqual(['linear squat 100 → 102.5']);
  });

  test('keeps the order of the athlete’s events', async () => {
    const trainee = await createOne();
    const held = await holdAthlete(db.open(), trainee.athlete);
    const calls = [squat(trainee), trainee.advanceWeek(1), squat(trainee)];
    await expectWaiting(db.database, 1);
    await held.release();

    expect(await Promise.all(calls)).toEqual([
      ['linear squat 100 → 102.5'],
      [],
      ['linear squat 102.5 → 105'],
    ]);
  });
});

describe('a deadline', () => {
  test('ends the wait of the first event and of those behind it, and nothing is applied', async () => {
    const trainee = await createOne({ defaultDeadlineMs: 500 });
    await squat(trainee);
    const held = await holdAthlete(db.open(), trainee.athlete);

    const late = [squat(trainee), squat(trainee), trainee.advanceWeek(1)];
    await expectUnchanged(db.database, () =>
      Promise.all(late.map((call) => expectRefusal(call, 'DEADLINE_EXCEEDED'))),
    );
    await held.release();

    expect(await squat(trainee)).toEqual(['linear squat 102.5 → 105']);
    const logs = await rowsOf(db.database, trainee.athlete.accountId, 'progression_logs');
    expect(logs).toHaveLength(2);
  });

  test('of a caller that disconnected drops its waiting events', async () => {
    const trainee = await createOne();
    const held = await holdAthlete(db.open(), trainee.athlete);
    const controller = new AbortController();
    const first = squat(trainee);
    await expectWaiting(db.database, 1);
    const second = squat(trainee, { signal: controller.signal });
    const third = squat(trainee);

    controller.abort();
    await expect(second).rejects.toMatchObject({ code: Code.Canceled });
    await held.release();

    expect(await Promise.all([first, third])).toEqual([
      ['linear squat 100 → 102.5'],
      ['linear squat 102.5 → 105'],
    ]);
  });
});

describe('a queue that is full', () => {
  test('refuses a further event, and admits the next one when there is room', async () => {
    const trainee = await createOne({ queuedEvents: 2 });
    const mate = await createMate(trainee);
    const held = await holdAthlete(db.open(), trainee.athlete);
    const running = squat(trainee);
    await expectWaiting(db.database, 1);
    const waiting = [squat(trainee), squat(trainee)];

    const error = await expectRefusal(squat(mate), 'OVERLOADED');

    expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
    await held.release();
    await Promise.all([running, ...waiting]);
    expect(await squat(mate)).toEqual(['linear squat 60 → 62.5']);
    expect(await trainee.max('squat')).toBe('107.5');
  });

  test('counts events that wait to run alone', async () => {
    const trainee = await createOne({ queuedEvents: 2, concurrentRetries: 1 });
    const mates = await Promise.all([createMate(trainee), createMate(trainee)]);
    const others = db.open();
    const held = await Promise.all([trainee, ...mates].map(({ athlete }) => holdAthlete(others, athlete)));
    const running = squat(trainee);
    await expectWaiting(db.database, 1);
    const waiting = mates.map((mate) => squat(mate));
    const probe = await createMate(trainee);
    await expect
      .poll(() => squat(probe).then(String, (error: unknown) => ConnectError.from(error).code))
      .toBe(Code.Unavailable);

    await Promise.all(held.map((hold) => hold.release()));
    await Promise.all([running, ...waiting]);
    expect(await squat(probe)).not.toEqual([]);
  });
});

describe('a transaction that PostgreSQL aborts', () => {
  async function squatWith(fault: Omit<Fault, 'statement'>, limits: Partial<Limits> = {}) {
    const faulty = openFaultyDatabase(db);
    const trainee = await createOne();
    const { accountId } = trainee.athlete;
    await faulty.database.ensureAccount(accountId);
    const client = createProgressionClient(faulty.database, { accountId, limits, logLevel: 'silent' });
    const broken = traineeWith(trainee, { client });
    faulty.arm({ ...fault, statement: 3 });
    try {
      return await squat(broken);
    } finally {
      faulty.disarm();
      await faulty.close();
    }
  }

  test.each(['40001', '40P01'])('for %s is tried again', async (sqlState) => {
    expect(await squatWith({ how: 'refuse', sqlState, times: 4 })).toEqual(['linear squat 100 → 102.5']);
  });

  test('with its connection is tried again', async () => {
    expect(await squatWith({ how: 'cut', times: 3 })).toEqual(['linear squat 100 → 102.5']);
  });

  test('in every attempt is given up, and the caller may retry', async () => {
    const fault = { how: 'refuse', sqlState: '40001' } as const;

    const error = await expectRefusal(squatWith(fault, { transactionTries: 3 }), 'CONCURRENT_UPDATE');

    expect(error.code).toBe(Code.Aborted);
    expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
  });

  test('for an unknown reason is not retried, and the answer does not have the reason', async () => {
    const error = await expectRefusal(squatWith({ how: 'refuse' }), 'INTERNAL');

    expect(error.rawMessage).toBe('internal error');
  });
});

test('events of several accounts share neither a transaction nor the request IDs that it has loaded', async () => {
  const [one, other] = [await createOne(), await createOne()];
  const id = uuidv7();
  await one.startSession().finish('squat', { call: under(id) });
  const guest = traineeWith(other, { client: one.client });
  const call = { headers: { 'idempotency-key': id, 'x-account-id': other.athlete.accountId } };

  const lines = await Promise.all([squat(one), guest.startSession().finish('squat', { call })]);

  expect(lines).toEqual([['linear squat 102.5 → 105'], ['linear squat 100 → 102.5']]);
});
