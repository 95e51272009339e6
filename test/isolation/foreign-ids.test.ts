/** Ids of another account: every RPC treats them as unknown, and does not change their rows. */
import type { DescMessage } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import type { BatchTriggerError } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { linear } from '../support/rule-fixtures.ts';
import { dumpTables } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';
import { type AccountClient, createAccountClients, SERVICES } from './account-client.ts';

interface Ids {
  readonly userId: string;
  readonly liftId: string;
  readonly progressionId: string;
  readonly programId: string;
  readonly programProgressionId: string;
  readonly logId: string;
}

type Call = (client: AccountClient, ids: Ids) => Promise<unknown>;

const session = (liftId: string) => ({
  ...{ sessionId: uuidv7(), daySlug: 'a', weekNumber: 1 },
  liftsPerformed: [liftId],
});
const sets = (liftId: string) => [
  { liftId, setNumber: 1, kind: SetKind.WORK, weight: '60', targetReps: 5, repsPerformed: 5 },
];
const maxType = MaxType.TRAINING_MAX;
const week = { previousWeek: 1, newWeek: 2, cycleIteration: 1 };
const completed = { completedCycle: 1, newCycle: 2, totalWeeks: 4 };

/** The refusal of one entry, as the single method throws it. */
function batchRefusal({ code, reason }: BatchTriggerError): ConnectError {
  return new ConnectError(reason, code, undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: 'batch' } },
  ]);
}

/** Every RPC that takes the id of a row, by its name. */
const CALLS: Readonly<Record<string, Call>> = {
  HandleSessionComplete: (c, { userId, liftId }) =>
    c.progression.handleSessionComplete({ userId, session: session(liftId) }),
  HandleWeekAdvance: (c, { userId }) => c.progression.handleWeekAdvance({ userId, week }),
  HandleCycleComplete: (c, { userId }) => c.progression.handleCycleComplete({ userId, cycle: completed }),
  LogSets: (c, { userId, liftId }) =>
    c.progression.logSets({ userId, sessionId: uuidv7(), sets: sets(liftId) }),
  TriggerProgression: (c, { userId, progressionId, liftId }) =>
    c.progression.triggerProgression({ userId, progressionId, liftId, force: true, reason: 'x' }),
  BatchHandleTriggers: async (c, { userId, liftId }) => {
    const event = {
      case: 'sessionComplete' as const,
      value: { userId, session: session(liftId) },
    };
    const { results } = await c.progression.batchHandleTriggers({
      triggers: [{ requestId: uuidv7(), event }],
    });
    const [answer] = results;
    if (answer?.result.case === 'error') {
      throw batchRefusal(answer.result.value);
    }
    return answer;
  },
  async ImportTrainingLog(c, { userId }) {
    for await (const answer of c.progression.importTrainingLog({ userId, content: Buffer.from('a,b') })) {
      return answer;
    }
  },
  GetEventOutcome: (c, { userId }) =>
    c.progression.getEventOutcome({ userId, event: { case: 'sessionId', value: uuidv7() } }),
  ListLoggedSets: (c, { userId, liftId }) => c.progression.listLoggedSets({ userId, liftId }),
  ListSessions: (c, { userId, liftId }) => c.progression.listSessions({ userId, liftId }),
  ListProgressionLogs: (c, { userId, liftId }) => c.progression.listProgressionLogs({ userId, liftId }),
  GetLiftMax: (c, { userId, liftId }) => c.progression.getLiftMax({ userId, liftId, maxType }),
  ListLiftMaxes: (c, { userId, liftId, programId }) =>
    c.progression.listLiftMaxes({ userId, liftId, programId }),
  ListLiftMaxVersions: (c, { userId, liftId }) =>
    c.progression.listLiftMaxVersions({ userId, liftId, maxType }),
  SetLiftMax: (c, { userId, liftId }) =>
    c.progression.setLiftMax({ userId, liftId, maxType, value: '90', reason: 'x' }),
  RevertLiftMax: (c, { userId, liftId }) =>
    c.progression.revertLiftMax({ userId, liftId, maxType, version: 1, reason: 'x' }),
  SetLiftMaxes: async (c, { userId, liftId }) => {
    const { results } = await c.progression.setLiftMaxes({
      liftMaxes: [{ userId, liftId, maxType, value: '90' }],
    });
    const [answer] = results;
    if (answer?.result.case === 'error') {
      throw batchRefusal(answer.result.value);
    }
    return answer;
  },
  GetFailureCounter: (c, { userId, liftId, progressionId }) =>
    c.progression.getFailureCounter({ userId, liftId, progressionId }),
  ListFailureCounters: (c, { userId }) => c.progression.listFailureCounters({ userId }),
  ResetFailureCounter: (c, { userId, liftId, progressionId }) =>
    c.progression.resetFailureCounter({ userId, liftId, progressionId, reason: 'x' }),
  GetProgressionState: (c, { userId, liftId, progressionId }) =>
    c.progression.getProgressionState({ userId, liftId, progressionId }),
  ListProgressionStates: (c, { userId }) => c.progression.listProgressionStates({ userId }),
  SetProgressionState: (c, { userId, liftId, progressionId }) =>
    c.progression.setProgressionState({ userId, liftId, progressionId, stage: 0, reason: 'x' }),
  RevertProgression: (c, { userId, logId }) =>
    c.progression.revertProgression({ userId, logId, reason: 'x' }),
  RevertEvent: (c, { userId }) =>
    c.progression.revertEvent({ userId, event: { case: 'sessionId', value: uuidv7() }, reason: 'x' }),
  CorrectSets: (c, { userId, liftId }) =>
    c.progression.correctSets({
      ...{ userId, sessionId: uuidv7(), reason: 'x' },
      corrections: [{ change: { case: 'remove', value: { liftId, setNumber: 1 } } }],
    }),
  ListSetCorrections: (c, { userId, liftId }) => c.progression.listSetCorrections({ userId, liftId }),
  PrescribeSession: (c, { userId }) => c.progression.prescribeSession({ userId }),
  PrescribeWeeks: (c, { userId }) => c.progression.prescribeWeeks({ userId, weeks: 1 }),
  SimulateProgressions: (c, { userId }) =>
    c.progression.simulateProgressions({ userId, horizon: { case: 'weeks', value: 1 } }),
  GetLift: (c, { liftId }) => c.programs.getLift({ liftId }),
  UpdateLift: (c, { liftId }) => c.programs.updateLift({ liftId, name: 'mine now' }),
  DeleteLift: (c, { liftId }) => c.programs.deleteLift({ liftId }),
  GetProgression: (c, { progressionId }) => c.programs.getProgression({ progressionId }),
  UpdateProgression: (c, { progressionId }) =>
    c.programs.updateProgression({ progressionId, name: 'mine now' }),
  DeleteProgression: (c, { progressionId }) => c.programs.deleteProgression({ progressionId }),
  CreateProgram: (c, { liftId }) =>
    c.programs.createProgram({ slug: `p-${uuidv7()}`, name: 'A program', liftIds: [liftId] }),
  GetProgram: (c, { programId }) => c.programs.getProgram({ programId }),
  UpdateProgram: (c, { programId }) => c.programs.updateProgram({ programId, name: 'mine now' }),
  DeleteProgram: (c, { programId }) => c.programs.deleteProgram({ programId }),
  CopyProgram: (c, { programId }) =>
    c.programs.copyProgram({ from: { case: 'programId', value: programId }, slug: `p-${uuidv7()}` }),
  CreateProgramProgression: (c, { programId, progressionId, liftId }) =>
    c.programs.createProgramProgression({ programId, progressionId, liftId, priority: 7 }),
  GetProgramProgression: (c, { programProgressionId }) =>
    c.programs.getProgramProgression({ programProgressionId }),
  ListProgramProgressions: (c, { programId }) => c.programs.listProgramProgressions({ programId }),
  UpdateProgramProgression: (c, { programProgressionId }) =>
    c.programs.updateProgramProgression({ programProgressionId, priority: 9 }),
  DeleteProgramProgression: (c, { programProgressionId }) =>
    c.programs.deleteProgramProgression({ programProgressionId }),
  EnrollUser: (c, { userId, programId }) => c.programs.enrollUser({ userId, programId }),
  UnenrollUser: (c, { userId }) => c.programs.unenrollUser({ userId, status: 3 }),
  GetEnrollment: (c, { userId }) => c.programs.getEnrollment({ userId }),
  ListEnrollments: (c, { userId, programId }) => c.programs.listEnrollments({ userId, programId }),
  SetEnrollmentOverride: (c, { userId, programProgressionId, liftId }) =>
    c.programs.setEnrollmentOverride({ userId, programProgressionId, liftId, off: true }),
  ListEnrollmentOverrides: (c, { userId }) => c.programs.listEnrollmentOverrides({ userId }),
  DeleteEnrollmentOverride: (c, { userId, logId }) =>
    c.programs.deleteEnrollmentOverride({ userId, overrideId: logId }),
  SetEquipment: (c, { userId, liftId }) =>
    c.users.setEquipment({
      ...{ userId, equipment: { bars: [{ weight: '20', unit: 1, liftIds: [liftId] }] } },
    }),
  GetEquipment: (c, { userId }) => c.users.getEquipment({ userId }),
  DeleteEquipment: (c, { userId }) => c.users.deleteEquipment({ userId }),
  GetUser: (c, { userId }) => c.users.getUser({ userId }),
  UpdateUser: (c, { userId }) => c.users.updateUser({ userId, name: 'mine now' }),
  DeleteUser: (c, { userId }) => c.users.deleteUser({ userId }),
  RestoreUser: (c, { userId }) => c.users.restoreUser({ userId }),
  ExportUserData: (c, { userId }) => c.users.exportUserData({ userId }),
  EraseUser: (c, { userId }) => c.users.eraseUser({ userId, reason: 'x' }),
  ListAuditEntries: (c, { userId, logId }) => c.audit.listAuditEntries({ userId, targetId: logId }),
};

/** RPCs that succeed: a filter may match nothing, and a user may have an id of another account's user. */
const ANSWERED = ['ListAuditEntries'];
const MAKES_ITS_OWN_ID = ['CreateUser'];
/** Ids that callers create, which never refer to a row. */
const MADE_UP = ['session_id', 'request_id'];

function namesRows(message: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(message)) {
    return false;
  }
  seen.add(message);
  return message.fields.some(({ name, message: inner }) =>
    inner ? namesRows(inner, seen) : /_ids?$/.test(name) && !MADE_UP.includes(name),
  );
}

const db = useTestDatabase();
let mine: AccountClient;
let theirs: Ids;
let theirAccountId: string;
let newOwn: () => Promise<Ids>;
beforeAll(async () => {
  const clientOf = createAccountClients(db.database);
  const newIds = async (accountId?: string) => {
    const { athlete, client, startSession } = await createTrainee(db.database, {
      ...{ lifts: { [`squat-${uuidv7()}`]: '100' }, rules: [linear()], accountId },
    });
    await startSession().finish(Object.keys(athlete.liftIds).join(' '));
    const { logs } = await client.listProgressionLogs({ userId: athlete.userId });
    const ids = {
      ...{
        userId: athlete.userId,
        programId: athlete.programId,
        liftId: `${Object.values(athlete.liftIds)}`,
      },
      progressionId: `${athlete.progressionIds}`,
      programProgressionId: `${athlete.programProgressionIds}`,
      logId: `${logs[0]?.id}`,
    };
    return { ids, accountId: athlete.accountId };
  };
  ({ ids: theirs, accountId: theirAccountId } = await newIds());
  const own = await newIds();
  mine = clientOf(own.accountId);
  newOwn = async () => (await newIds(own.accountId)).ids;
});

function unknownIds(): Ids {
  const [userId, liftId, progressionId] = [uuidv7(), uuidv7(), uuidv7()];
  return {
    userId,
    liftId,
    progressionId,
    programId: uuidv7(),
    programProgressionId: uuidv7(),
    logId: uuidv7(),
  };
}

/** The error of a call, without the parts that differ from call to call. */
async function told(call: Promise<unknown>): Promise<{ code: string; text: string }> {
  try {
    const text = JSON.stringify(await call, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
    const timeless = text
      .replace(/[0-9a-f]{8}-[-0-9a-f]{27}/g, 'id')
      .replace(/"(seconds|nanos)":[^,}]+/g, '');
    return { code: 'OK', text: timeless };
  } catch (error) {
    const refusal = ConnectError.from(error);
    return { code: `${Code[refusal.code]}`, text: `${refusal.findDetails(ErrorInfoSchema)[0]?.reason}` };
  }
}

/** The rows of the other account. */
async function theirRows(): Promise<unknown> {
  const tables = await dumpTables(db.database);
  return Object.entries(tables).map(([name, rows]) => [
    name,
    (rows as { account_id?: string; id?: string }[]).filter(
      ({ account_id, id }) => (account_id ?? id) === theirAccountId,
    ),
  ]);
}

test('every RPC that takes ids is tested', () => {
  const methods = SERVICES.flatMap((service) => service.methods).filter(({ input }) => namesRows(input));

  expect(methods.length).toBeGreaterThan(30);
  expect(methods.map(({ name }) => name).toSorted()).toEqual(
    [...Object.keys(CALLS), ...MAKES_ITS_OWN_ID].toSorted(),
  );
});

describe.each(Object.entries(CALLS))('%s', (name, call) => {
  test('with ids of another account finds nothing, as with ids that do not exist', async () => {
    const before = await theirRows();

    const foreign = await told(call(mine, theirs));

    expect(foreign).toEqual(await told(call(mine, unknownIds())));
    expect(foreign.code).toBe(ANSWERED.includes(name) ? 'OK' : 'NotFound');
    expect(await theirRows()).toEqual(before);
  });

  test('with ids of its own account refuses one of another account among them', async () => {
    const named = new Set<string>();
    const own = await newOwn();
    const listening = new Proxy(own, {
      get: (ids, key) => named.add(`${String(key)}`) && Reflect.get(ids, key),
    });
    await told(call(mine, listening));
    const before = await theirRows();

    for (const key of named) {
      const foreign = { ...(await newOwn()), [key]: theirs[key as keyof Ids] };
      const unknown = { ...(await newOwn()), [key]: uuidv7() };
      expect(await told(call(mine, foreign)), key).toEqual(await told(call(mine, unknown)));
    }
    expect(await theirRows()).toEqual(before);
  });
});

test('an account may create a user under the id of another account’s user, and the two are separate', async () => {
  await mine.users.createUser({ userId: theirs.userId, name: 'My own' });

  const { user } = await mine.users.getUser({ userId: theirs.userId });
  expect(user?.name).toBe('My own');
  const { liftMaxes } = await mine.progression.listLiftMaxes({ userId: theirs.userId });
  expect(liftMaxes).toEqual([]);
});
