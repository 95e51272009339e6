/** Faults at any statement of an event: nothing is half-written, and the same call succeeds afterwards. */
import type { CallOptions } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AthleteFixture } from '../../support/fixtures.ts';
import { callUnder, createProgressionClient, under } from '../../support/progression-client.ts';
import { amrap, deload, linear, stages } from '../../support/rule-fixtures.ts';
import { type Fault, type FaultyDatabase, openFaultyDatabase } from '../../support/statement-faults.ts';
import { dumpTables, rowsAdded } from '../../support/table-dump.ts';
import { useTestDatabasePerTest } from '../../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../../support/trainee.ts';

const db = useTestDatabasePerTest();
let faulty: FaultyDatabase;
beforeEach(() => {
  faulty = openFaultyDatabase(db);
});
afterEach(async () => {
  await faulty.close();
});

const FIXTURE: AthleteFixture = {
  lifts: { squat: '100', bench: '60' },
  rules: [
    linear({ requireSuccess: true }),
    amrap(),
    deload({ countBy: 'SESSION', failureThreshold: 2, resetOnDeload: true }),
    stages({}, { liftSlug: 'bench' }),
  ],
};

/** What is called while statements break. */
type Victim = (call: CallOptions) => Promise<unknown>;

interface Case {
  readonly title: string;
  /** What happens before, and the call that is to break. */
  readonly prepare: (trainee: Trainee) => Promise<Victim>;
  /** Events are tried again, alone, when their group failed. */
  readonly isGrouped: boolean;
  /** Rows that the call adds without a fault. */
  readonly adds: Record<string, number>;
}

const CASES: Case[] = [
  {
    title: 'a session that deloads and counts',
    async prepare(trainee) {
      await trainee.train('squat 3/5');
      const session = trainee.startSession();
      await session.log('squat 3/5, bench 5/5');
      return (call) => session.finish('squat bench', { call });
    },
    isGrouped: true,
    adds: { lift_maxes: 2, outbox: 1, progression_logs: 2, requests: 1 },
  },
  {
    title: 'sets that increment, fail and change the stage',
    async prepare(trainee) {
      const session = trainee.startSession();
      const sets = session.setsOf('squat 8/5+, bench 5/5 2/5 3/5');
      const { sessionId } = session;
      return (call) => trainee.client.logSets({ userId: trainee.athlete.userId, sessionId, sets }, call);
    },
    isGrouped: true,
    adds: {
      failure_counters: 1,
      lift_maxes: 3,
      logged_sets: 4,
      outbox: 1,
      progression_logs: 3,
      progression_states: 1,
      requests: 1,
    },
  },
  {
    title: 'a revert of a deload',
    async prepare(trainee) {
      await trainee.train('squat 3/5');
      await trainee.train('squat 3/5');
      const { userId } = trainee.athlete;
      const { logs } = await trainee.client.listProgressionLogs({ userId });
      const logId = `${logs[0]?.id}`;
      return (call) => trainee.client.revertProgression({ userId, logId, reason: 'a typo' }, call);
    },
    isGrouped: false,
    adds: { audit_log: 1, lift_maxes: 1, outbox: 1, progression_logs: 1, requests: 1 },
  },
];

/** Prepared through an unbroken handle; the victim's client is on the broken one, and does not try again. */
async function prepareVictim({ prepare }: Case): Promise<Victim> {
  const trainee = await createTrainee(db.database, FIXTURE);
  const { accountId } = trainee.athlete;
  await faulty.database.ensureAccount(accountId);
  const limits = { transactionTries: 1 };
  const client = createProgressionClient(faulty.database, { accountId, logLevel: 'silent', limits });
  return prepare(traineeWith(trainee, { client }));
}

/** Breaks the call at each of its statements in turn, until no statement is left to break. */
async function breakEverywhere(victim: Victim, fault: Omit<Fault, 'statement'>, first: number) {
  const requestId = uuidv7();
  const before = await dumpTables(db.database);
  for (let statement = first; ; statement += 1) {
    faulty.arm({ ...fault, statement });
    const isAnswered = await victim(under(requestId)).then(
      () => true,
      () => false,
    );
    const broken = faulty.disarm();
    if (isAnswered) {
      return statement - first;
    }
    expect(broken).toBeGreaterThan(0);
    expect(await dumpTables(db.database)).toEqual(before);
  }
}

/** Dozens of broken calls, each with new connections: a busy machine needs its time. */
const TIMEOUT = { timeout: 120_000 };

describe.each(CASES)('$title', TIMEOUT, (one) => {
  test.each<[string, Omit<Fault, 'statement'>, number]>([
    ['fails', { how: 'refuse' }, 2],
    ['loses its connection', { how: 'cut' }, 1],
  ])('leaves nothing when a statement of it %s', async (_, fault, first) => {
    const victim = await prepareVictim(one);
    const before = await dumpTables(db.database);

    expect(await breakEverywhere(victim, fault, first)).toBeGreaterThan(8);

    expect(rowsAdded(before, await dumpTables(db.database))).toEqual(one.adds);
  });

  test('is done once when the connection ends before the commit is answered', async () => {
    const victim = await prepareVictim(one);
    const before = await dumpTables(db.database);
    const requestId = uuidv7();

    faulty.arm({ how: 'cut after', statement: 'commit' });
    const first = await callUnder(requestId, victim).catch(() => null);
    expect(faulty.disarm()).toBeGreaterThan(0);
    const second = await callUnder(requestId, victim);

    expect(first?.answer ?? second.answer).toEqual(second.answer);
    expect(second.isReplayed).toBe(true);
    expect(rowsAdded(before, await dumpTables(db.database))).toEqual(one.adds);
  });
});

describe.each(CASES.filter(({ isGrouped }) => isGrouped))('$title', TIMEOUT, (one) => {
  test('leaves nothing when its first attempt and any statement of its second attempt fail', async () => {
    const victim = await prepareVictim(one);
    const before = await dumpTables(db.database);

    expect(await breakEverywhere(victim, { how: 'refuse', fromTransaction: 2 }, 2)).toBeGreaterThan(8);

    expect(rowsAdded(before, await dumpTables(db.database))).toEqual(one.adds);
  });
});
