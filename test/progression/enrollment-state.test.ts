/** Counters, stages and what was missed begin with the enrollment: over the RPCs of both services. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  type UnenrollUserRequestSchema,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient } from '../support/catalog-client.ts';
import { createAthlete, type RuleFixture } from '../support/fixtures.ts';
import { cycle, deload, linear, stages } from '../support/rule-fixtures.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

const WEEKLY = linear({ triggerType: 'AFTER_WEEK', requireSuccess: true });
const CYCLICAL = cycle({ requireSuccess: true });
const BY_SESSION = { countBy: 'SESSION' };

/** An athlete on the program `rules`, and another program of the account with the same lifts and `next` for rules. */
async function createMover(rules: readonly RuleFixture[], next = rules) {
  const trainee = await createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
  const { accountId, userId, programId } = trainee.athlete;
  const lifts = { squat: null, bench: null };
  const other = await createAthlete(db.database, { accountId, lifts, rules: next, enrolled: false });
  const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
  return {
    trainee,
    audit: async () => rowsOf(db.database, accountId, 'audit_log'),
    leave: (status: MessageInitShape<typeof UnenrollUserRequestSchema>['status'] = EnrollmentStatus.QUIT) =>
      programs.unenrollUser({ userId, status }),
    enroll: (options: { keepState?: boolean; elsewhere?: boolean } = {}) =>
      programs.enrollUser({
        userId,
        programId: options.elsewhere ? other.programId : programId,
        keepState: options.keepState ?? false,
      }),
  };
}

async function endWeekAndCycle(trainee: Trainee): Promise<string[]> {
  return [...(await trainee.advanceWeek(1)), ...(await trainee.completeCycle(1, 4))];
}

describe('a set missed under an earlier program', () => {
  test('holds back neither the first week nor the first cycle of the next program', async () => {
    const { trainee, leave, enroll } = await createMover(
      [linear({ requireSuccess: true })],
      [WEEKLY, CYCLICAL],
    );
    await trainee.train('squat 3/5, bench 5/5');
    await leave();
    await enroll({ elsewhere: true });

    expect(await endWeekAndCycle(trainee)).toEqual([
      expect.stringMatching(/squat 100 → 102.5$/),
      expect.stringMatching(/bench 62.5 → 65$/),
      expect.stringMatching(/squat 102.5 → 107.5$/),
      expect.stringMatching(/bench 65 → 70$/),
    ]);
  });

  test('holds back nothing in a new enrollment in the same program, unlike a set missed after it', async () => {
    const { trainee, leave, enroll } = await createMover([WEEKLY, CYCLICAL]);
    await trainee.train('squat 3/5, bench 5/5');
    await leave();
    await enroll();
    await trainee.train('squat 5/5, bench 4/5');

    expect(await endWeekAndCycle(trainee)).toEqual([
      'linear squat 100 → 102.5',
      'linear bench TARGET_MISSED',
      'cycle squat 102.5 → 107.5',
      'cycle bench TARGET_MISSED',
    ]);
  });

  test('does not count after a pause either', async () => {
    const { trainee, leave, enroll } = await createMover([WEEKLY, CYCLICAL]);
    await trainee.train('squat 3/5');
    await leave(EnrollmentStatus.PAUSED);
    await enroll();

    expect(await trainee.advanceWeek(1)).toEqual(['linear squat 100 → 102.5', 'linear bench 60 → 62.5']);
  });
});

describe('failure counters and stages', () => {
  const rules = [deload({ failureThreshold: 3, ...BY_SESSION }), stages(BY_SESSION)];

  test('start at zero in a new enrollment, as one audited change', async () => {
    const { trainee, leave, enroll, audit } = await createMover(rules);
    await trainee.train('squat 3/5');
    await trainee.train('squat 3/5');
    expect(await trainee.failures(0, 'squat')).toBe(2);
    await leave();
    await enroll();

    expect(await trainee.failures(0, 'squat')).toBe(0);
    expect(await trainee.train('squat 3/5')).toEqual([
      'deload squat FAILURE_THRESHOLD_NOT_MET',
      'stage squat 100 → 100 stage 1',
    ]);
    const liftId = trainee.liftId('squat');
    const [deloadId, stageId] = trainee.athlete.progressionIds;
    expect(await audit()).toMatchObject([
      {
        action: 'EnrollUser',
        target_type: 'enrollment',
        user_id: trainee.athlete.userId,
        before: {
          failureCounters: expect.arrayContaining([
            { liftId, progressionId: deloadId, consecutiveFailures: 2 },
          ]),
          stages: [{ liftId, progressionId: stageId, stage: 2 }],
        },
        after: { failureCounters: [], stages: [] },
      },
    ]);
  });

  test('are kept with keep_state, and when a paused enrollment is resumed', async () => {
    const { trainee, leave, enroll, audit } = await createMover(rules);
    await trainee.train('squat 3/5');
    await leave(EnrollmentStatus.PAUSED);
    await enroll();
    expect(await trainee.failures(0, 'squat')).toBe(1);
    await leave();
    await enroll({ keepState: true });

    expect(await trainee.failures(0, 'squat')).toBe(1);
    expect(await trainee.train('squat 3/5')).toContain('stage squat 100 → 100 stage 2');
    expect(await audit()).toEqual([]);
  });

  test('of rules of other programs stay as they are', async () => {
    const { trainee, leave, enroll } = await createMover(rules);
    await trainee.train('squat 3/5');
    await leave();
    await enroll({ elsewhere: true });

    expect(await trainee.failures(0, 'squat')).toBe(1);
  });

  test('do not come back when an application of the earlier enrollment is reverted', async () => {
    const { trainee, leave, enroll } = await createMover([
      deload({ failureThreshold: 2, resetOnDeload: true, ...BY_SESSION }),
      stages(BY_SESSION, { liftSlug: 'bench' }),
    ]);
    await trainee.train('squat 3/5, bench 3/5');
    await trainee.train('squat 3/5');
    await leave();
    await enroll();
    const { client } = trainee;
    const { userId } = trainee.athlete;
    const { logs } = await client.listProgressionLogs({ userId });
    expect(logs.map(({ stageBefore, stageAfter }) => [stageBefore, stageAfter])).toEqual([
      [undefined, undefined],
      [0, 1],
    ]);
    for (const { id } of logs) {
      await client.revertProgression({ userId, logId: id, reason: 'not meant' });
    }

    expect(await trainee.failures(0, 'squat')).toBe(0);
    expect(await trainee.train('bench 3/5')).toEqual(['stage bench 60 → 60 stage 1']);
  });
});

describe('a max set by hand', () => {
  const rules = [
    deload({ failureThreshold: 3, ...BY_SESSION }),
    deload({ failureThreshold: 3, maxType: 'ONE_RM', ...BY_SESSION }),
  ];

  test('resets the failures of its lift and max type to zero, with an audit entry', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
    const { accountId, userId, progressionIds } = trainee.athlete;
    await trainee.train('squat 3/5, bench 3/5');
    await trainee.train('squat 3/5, bench 3/5');
    const squat = { userId, liftId: trainee.liftId('squat'), maxType: MaxType.TRAINING_MAX };
    await trainee.client.setLiftMax({ ...squat, value: '80' });

    expect(await Promise.all([0, 1].map((rule) => trainee.failures(rule, 'squat')))).toEqual([0, 2]);
    expect(await trainee.failures(0, 'bench')).toBe(2);
    expect(await trainee.train('squat 3/5')).toContain('deload0 squat FAILURE_THRESHOLD_NOT_MET');
    expect(await trainee.max('squat')).toBe('80');
    const counter = { liftId: squat.liftId, progressionId: progressionIds[0] };
    expect(await rowsOf(db.database, accountId, 'audit_log')).toMatchObject([
      {
        before: { value: '100', failureCounters: [{ ...counter, consecutiveFailures: 2 }] },
        after: { value: '80', failureCounters: [{ ...counter, consecutiveFailures: 0 }] },
      },
    ]);
  });

  test('keeps them with keep_failure_counters', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules });
    const { userId } = trainee.athlete;
    await trainee.train('squat 3/5');
    const liftId = trainee.liftId('squat');
    await trainee.client.setLiftMax({
      userId,
      liftId,
      maxType: MaxType.TRAINING_MAX,
      value: '80',
      keepFailureCounters: true,
    });

    expect(await trainee.failures(0, 'squat')).toBe(1);
  });
});
