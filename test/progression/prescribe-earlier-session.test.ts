/** PrescribeSession with `before_session_id`: what was prescribed for a session that was trained since. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { MaxType, SetKind, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  type ProgramDay,
  type ProgressionParametersSchema,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createLifts, createProgram } from '../support/catalog-fixtures.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();
const { TRAINING_MAX } = MaxType;

const stage = (name: string, reps: number) => ({ name, sets: 1, reps, isAmrap: false, minVolume: reps });
const RULES: Record<'LINEAR' | 'STAGES', MessageInitShape<typeof ProgressionParametersSchema>> = {
  LINEAR: {
    rule: {
      case: 'linearProgression',
      value: {
        maxType: TRAINING_MAX,
        increment: { kind: { case: 'amount', value: '10' } },
        triggerType: TriggerType.AFTER_SESSION,
      },
    },
  },
  STAGES: {
    rule: {
      case: 'stageProgression',
      value: { maxType: TRAINING_MAX, stages: [stage('1x3', 3), stage('1x2', 2)] },
    },
  },
};

/** An athlete at 100 on a program with one rule for the squat: on day a a set of the stage, on day b one at 50 %. */
async function createLifter(rule: keyof typeof RULES) {
  const catalog = createCatalogClient(db.database, { clock: systemClock });
  const { programs, users } = catalog;
  const lifts = await createLifts(catalog, 'squat');
  const ofMax = (percent: string) => ({ case: 'ofMax', value: { maxType: TRAINING_MAX, percent } }) as const;
  const onDay = (slug: string, group: object) =>
    ({
      slug,
      liftIds: [lifts.squat],
      prescriptions: [{ liftId: lifts.squat, groups: [group] }],
    }) as ProgramDay;
  const heavy =
    rule === 'LINEAR'
      ? { kind: SetKind.WORK, sets: 1, reps: 5, load: ofMax('1') }
      : {
          kind: SetKind.WORK,
          load: { case: 'stage', value: { maxType: TRAINING_MAX, percent: '1' } } as const,
        };
  const program = await createProgram(catalog, {
    ...{ slug: 'p', liftIds: [lifts.squat], weeksPerCycle: 2, sessionsPerWeek: 2 },
    days: [onDay('a', heavy), onDay('b', { kind: SetKind.WORK, sets: 1, reps: 5, load: ofMax('0.5') })],
  });
  const { progression } = await programs.createProgression({ name: 'a rule', parameters: RULES[rule] });
  const progressionId = `${progression?.id}`;
  await programs.createProgramProgression({
    programId: program.id,
    progressionId,
    priority: 1,
    enabled: true,
  });
  const { user } = await users.createUser({ name: 'A lifter' });
  const userId = `${user?.id}`;
  await programs.enrollUser({ userId, programId: program.id });
  const client = createProgressionClient(db.database, { accountId: catalog.accountId });
  await client.setLiftMax({ userId, liftId: lifts.squat, maxType: TRAINING_MAX, value: '100' });
  return {
    ...{ client, userId, lifts, programs, program, progressionId },
    /** One squat set with its target, then the end of the session. */
    async train({ daySlug = 'a', weekNumber = 1, targetReps = 5, reps = 5, isEnded = true } = {}) {
      const sessionId = uuidv7();
      const set = { liftId: lifts.squat, setNumber: 1, kind: SetKind.WORK, weight: '100' };
      await client.logSets({ userId, sessionId, sets: [{ ...set, targetReps, repsPerformed: reps }] });
      if (isEnded) {
        const session = { sessionId, daySlug, weekNumber, liftsPerformed: [lifts.squat] };
        await client.handleSessionComplete({ userId, session });
      }
      return sessionId;
    },
    /** `b 2: 5 @ 55`. */
    async told(request: { beforeSessionId?: string; daySlug?: string } = {}) {
      const { daySlug, weekNumber, sets } = await client.prescribeSession({ userId, ...request });
      return `${daySlug} ${weekNumber}: ${sets.map(({ targetReps, load }) => `${targetReps} @ ${load}`).join(', ')}`;
    },
  };
}

test('it is the load before the session, on the day and in the week of the session', async () => {
  const { train, told, client, userId, lifts } = await createLifter('LINEAR');
  const first = await train();
  const second = await train({ daySlug: 'b', weekNumber: 2 });
  await client.setLiftMax({ userId, liftId: lifts.squat, maxType: TRAINING_MAX, value: '60' });

  expect(await told({ beforeSessionId: first })).toBe('a 1: 5 @ 100');
  expect(await told({ beforeSessionId: second })).toBe('b 2: 5 @ 55');
  expect(await told({ beforeSessionId: second, daySlug: 'a' })).toBe('a 2: 5 @ 110');
  expect(await told()).toBe('a 2: 5 @ 60');
});

test('a session that has not ended is told what was next when its first set came', async () => {
  const { train, told } = await createLifter('LINEAR');
  await train();
  const unfinished = await train({ isEnded: false });
  await train({ daySlug: 'a', weekNumber: 2 });

  expect(await told({ beforeSessionId: unfinished })).toBe('b 1: 5 @ 55');
});

test('the stage is the one before the session, whatever failed or was set since', async () => {
  const { train, told, client, userId, lifts, progressionId } = await createLifter('STAGES');
  const first = await train({ targetReps: 3, reps: 3 });
  const failed = await train({ targetReps: 3, reps: 1 });
  const after = await train({ targetReps: 2, reps: 2 });
  const state = { userId, liftId: lifts.squat, progressionId, reason: 'a fresh start' };
  await client.setProgressionState({ ...state, stage: 0 });
  const fresh = await train({ targetReps: 3, reps: 3 });
  const earlier = [];
  for (const beforeSessionId of [first, failed, after, fresh]) {
    earlier.push(await told({ beforeSessionId }));
  }

  expect(earlier).toEqual(['a 1: 3 @ 100', 'a 1: 3 @ 100', 'a 1: 2 @ 100', 'a 1: 3 @ 100']);
});

test('a session of no event and one of an earlier enrollment are refused', async () => {
  const { train, client, userId, programs, program } = await createLifter('LINEAR');
  const earlier = await train();
  await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
  await programs.enrollUser({ userId, programId: program.id });

  await expectRefusal(client.prescribeSession({ userId, beforeSessionId: uuidv7() }), 'EVENT_NOT_FOUND');
  await expectRefusal(client.prescribeSession({ userId, beforeSessionId: earlier }), 'EARLIER_ENROLLMENT');
  await expectRefusal(client.prescribeSession({ userId, beforeSessionId: 'x' }), 'VALIDATION_FAILED', [
    'before_session_id',
  ]);
});
