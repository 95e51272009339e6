/** Many concurrent copies of one event: it is applied once, and every caller gets the same answer. */
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { CallOptions } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  HandleSessionCompleteResponseSchema,
  LogSetsResponseSchema,
  ResultReason,
  RevertProgressionResponseSchema,
  SetLiftMaxResponseSchema,
  TriggerProgressionResponseSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { callUnder, createProgressionClient, type ProgressionClient } from '../support/progression-client.ts';
import { amrap, deload, linear } from '../support/rule-fixtures.ts';
import { dumpTables, rowsAdded } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const COPIES = 64;

const db = useTestDatabase({ connections: 5 });
/** The database handles of the server processes. */
let handles: Database[];
beforeAll(async () => {
  handles = [db.database, db.open(), db.open()];
});

function createOne(): Promise<Trainee> {
  const rules = [linear(), amrap(), deload({ failureThreshold: 2, resetOnDeload: true })];
  return createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
}

/** Clients of this number of server processes, used by turns. */
function createProcesses({ athlete }: Trainee, count: number): ProgressionClient[] {
  const { accountId } = athlete;
  return handles.slice(0, count).map((handle) => createProgressionClient(handle, { accountId }));
}

type Copy = (client: ProgressionClient, call: CallOptions) => Promise<MessageShape<DescMessage>>;

interface Case {
  readonly title: string;
  readonly schema: DescMessage;
  /** Prepares, and returns the call that is copied. */
  readonly prepare: (trainee: Trainee) => Promise<Copy>;
  readonly adds: Record<string, number>;
}

const CASES: Case[] = [
  {
    title: 'a session',
    schema: HandleSessionCompleteResponseSchema,
    async prepare({ athlete, liftId }) {
      const liftsPerformed = [liftId('squat'), liftId('bench')];
      const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed };
      return (client, call) => client.handleSessionComplete({ userId: athlete.userId, session }, call);
    },
    adds: { lift_maxes: 2, outbox: 1, progression_logs: 2, requests: 1 },
  },
  {
    title: 'sets',
    schema: LogSetsResponseSchema,
    async prepare({ athlete, startSession }) {
      const { sessionId, setsOf } = startSession();
      const request = { userId: athlete.userId, sessionId, sets: setsOf('squat 9/5+, bench 4/5 4/5') };
      return (client, call) => client.logSets(request, call);
    },
    adds: {
      failure_counters: 2,
      lift_maxes: 2,
      logged_sets: 3,
      outbox: 1,
      progression_logs: 2,
      requests: 1,
    },
  },
  {
    title: 'a forced trigger',
    schema: TriggerProgressionResponseSchema,
    async prepare({ athlete }) {
      const request = { userId: athlete.userId, progressionId: `${athlete.progressionIds[0]}`, force: true };
      return (client, call) => client.triggerProgression(request, call);
    },
    adds: { audit_log: 1, lift_maxes: 2, outbox: 1, progression_logs: 2, requests: 1 },
  },
  {
    title: 'a max set by hand',
    schema: SetLiftMaxResponseSchema,
    async prepare({ athlete, liftId }) {
      const max = { userId: athlete.userId, liftId: liftId('squat'), maxType: MaxType.TRAINING_MAX };
      return (client, call) => client.setLiftMax({ ...max, value: '120' }, call);
    },
    adds: { audit_log: 1, lift_maxes: 1, outbox: 1, requests: 1 },
  },
  {
    title: 'a revert',
    schema: RevertProgressionResponseSchema,
    async prepare({ athlete, client: first, startSession }) {
      const { userId } = athlete;
      await startSession().finish('squat');
      const { logs } = await first.listProgressionLogs({ userId });
      const request = { userId, logId: `${logs[0]?.id}`, reason: 'a typo' };
      return (client, call) => client.revertProgression(request, call);
    },
    adds: { audit_log: 1, lift_maxes: 1, outbox: 1, progression_logs: 1, requests: 1 },
  },
];

describe.each(CASES)(`${COPIES} copies of $title`, ({ schema, prepare, adds }) => {
  test.each([1, 2, 3])(
    'under one request ID, over %i server processes, are executed once',
    async (processes) => {
      const trainee = await createOne();
      const clients = createProcesses(trainee, processes);
      const copy = await prepare(trainee);
      const before = await dumpTables(db.database);
      const id = uuidv7();

      const answers = await Promise.all(
        Array.from({ length: COPIES }, (_, index) =>
          callUnder(id, (call) => copy(clients[index % processes] ?? trainee.client, call)),
        ),
      );

      const bytes = answers.map(({ answer }) => Buffer.from(toBinary(schema, answer)).toString('hex'));
      expect(new Set(bytes).size).toBe(1);
      expect(answers.filter(({ isReplayed }) => isReplayed)).toHaveLength(COPIES - 1);
      expect(rowsAdded(before, await dumpTables(db.database))).toEqual(adds);
    },
  );
});

describe(`${COPIES} copies under as many request IDs`, () => {
  test.each([1, 2])('of a session, over %i server processes, apply once', async (processes) => {
    const trainee = await createOne();
    const clients = createProcesses(trainee, processes);
    const session = {
      sessionId: uuidv7(),
      daySlug: 'a',
      weekNumber: 1,
      liftsPerformed: [trainee.liftId('squat'), trainee.liftId('bench')],
    };
    const { userId } = trainee.athlete;
    const before = await dumpTables(db.database);

    const outcomes = await Promise.all(
      Array.from({ length: COPIES }, async (_, index) => {
        const client = clients[index % processes] ?? trainee.client;
        return (await client.handleSessionComplete({ userId, session })).outcome;
      }),
    );

    const applied = outcomes.filter((outcome) => outcome?.totalApplied === 2);
    expect(applied).toHaveLength(1);
    const logIds = applied[0]?.results.map(({ logId }) => logId);
    for (const outcome of outcomes.filter((other) => other !== applied[0])) {
      expect(outcome).toMatchObject({ totalApplied: 0, totalSkipped: 2 });
      expect(outcome?.results.map(({ reason }) => reason)).toEqual(
        Array(2).fill(ResultReason.ALREADY_APPLIED),
      );
      expect(outcome?.results.map(({ logId }) => logId)).toEqual(logIds);
    }
    expect(rowsAdded(before, await dumpTables(db.database))).toEqual({
      ...{ lift_maxes: 2, outbox: 1, progression_logs: 2 },
      requests: COPIES,
    });
  });

  test('of sets, over 2 server processes, are logged once', async () => {
    const trainee = await createOne();
    const clients = createProcesses(trainee, 2);
    const { sessionId, setsOf } = trainee.startSession();
    const request = { userId: trainee.athlete.userId, sessionId, sets: setsOf('squat 4/5 9/5+') };

    const answers = await Promise.all(
      Array.from({ length: COPIES }, (_, index) => (clients[index % 2] ?? trainee.client).logSets(request)),
    );

    expect(answers.filter(({ outcome }) => outcome?.totalApplied === 1)).toHaveLength(1);
    expect(answers.filter(({ sets }) => sets.every(({ alreadyLogged }) => !alreadyLogged))).toHaveLength(1);
    expect(new Set(answers.flatMap(({ sets }) => sets.map(({ id }) => id))).size).toBe(2);
    expect(await trainee.max('squat')).toBe('105');
  });
});

test('no lift max has forked, left a gap or lost an update', async () => {
  expect(await findBrokenChains(db.database)).toEqual([]);
});
