/** SimulateProgressions: the simulation matches the later events, and writes nothing. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { CATALOG_PROGRAMS } from '../../src/catalog/canonical/catalog.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { LiftMaxSource } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { expectUnchanged } from '../support/expect-unchanged.ts';
import type { AthleteFixture } from '../support/fixtures.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { amrap, cycle, deload, linear, stages } from '../support/rule-fixtures.ts';
import { happeningsOf, type Plan, playPlan, type StageScheme } from '../support/simulation.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const { TRAINING_MAX } = MaxType;

/** Simulates a plan, then does it, and expects the same of both: every result, and the maxes at the end. */
async function expectAgreement(client: ReturnType<typeof createProgressionClient>, plan: Plan) {
  const { userId, weeks, missedSessions, amrapReps, workReps } = plan;
  const simulated = await expectUnchanged(db.database, () =>
    client.simulateProgressions({
      userId,
      horizon: { case: 'weeks', value: weeks },
      performance: { missedSessions: [...(missedSessions ?? [])], amrapReps, workReps },
    }),
  );

  const done = await playPlan(client, plan);

  expect(happeningsOf(simulated.events)).toEqual(done);
  const { liftMaxes } = await client.listLiftMaxes({ userId, pageSize: 500 });
  const describeMax = ({ liftId, maxType, value, version }: (typeof liftMaxes)[number]) =>
    `${liftId} ${maxType} ${value} v${version}`;
  expect(simulated.finalLiftMaxes.map(describeMax).toSorted()).toEqual(liftMaxes.map(describeMax).toSorted());
  return done;
}

const SLUGS = CATALOG_PROGRAMS.map(({ slug }) => slug).filter((slug) => !slug.endsWith('-lb'));

describe('the simulation of a well-known program, with missed sessions and AMRAP sets, matches the engine', () => {
  test.each(SLUGS)('%s', async (slug) => {
    const { accountId, programs, users } = createCatalogClient(db.database, { clock: systemClock });
    const { program } = await programs.copyProgram({ from: { case: 'catalogSlug', value: slug } });
    const { user } = await users.createUser({ name: 'An athlete' });
    const userId = `${user?.id}`;
    await programs.enrollUser({ userId, programId: program?.id });
    const client = createProgressionClient(db.database, { accountId });
    const liftIds = program?.lifts.map(({ id }) => id) ?? [];
    for (const liftId of liftIds) {
      await client.setLiftMax({ userId, liftId, maxType: TRAINING_MAX, value: '100' });
    }

    const { weeksPerCycle = 1, sessionsPerWeek = 1, days = [] } = program ?? {};
    const weeks = Math.max(weeksPerCycle, 4);
    const firstStages = new Map(
      (program?.lifts ?? []).flatMap((lift) =>
        firstVolumeStages(slug, lift).map((stage) => [lift.id, stage]),
      ),
    );
    const done = await expectAgreement(client, {
      ...{ userId, weeksPerCycle, sessionsPerWeek, weeks },
      days: days.length > 0 ? days : [{ slug: 'day', liftIds }],
      ...{ missedSessions: [2, 3, 4, 7, 8, 12], amrapReps: 9 },
      async stagesAtHand() {
        const { progressionStates } = await client.listProgressionStates({ userId, pageSize: 500 });
        const moved = progressionStates.flatMap(({ liftId, stage }) =>
          stage ? [[liftId, stage] as const] : [],
        );
        return new Map([...firstStages, ...moved]);
      },
    });

    expect(done.length).toBeGreaterThanOrEqual(weeks);
  });
});

/** The first stage of the lift's rule that judges by volume, if it has one. */
function firstVolumeStages(slug: string, lift: { slug: string }): StageScheme[] {
  const rules = CATALOG_PROGRAMS.find((program) => program.slug === slug)?.rules ?? [];
  return rules.flatMap(({ type, parameters, places }) =>
    type === 'STAGE_PROGRESSION' && places.some(({ liftSlug }) => liftSlug === lift.slug)
      ? parameters.stages.slice(0, 1)
      : [],
  );
}

describe('a program of the account', () => {
  const fixture: AthleteFixture = {
    lifts: { squat: '100', bench: '60', row: null },
    rules: [
      linear({ requireSuccess: true }),
      linear({ triggerType: 'AFTER_WEEK', increment: '1' }),
      cycle({ requireSuccess: true }, { liftSlug: 'squat' }),
      amrap(),
      deload({ countBy: 'SESSION', failureThreshold: 1 }, { liftSlug: 'squat' }),
      stages({}, { liftSlug: 'bench' }),
    ],
    weeksPerCycle: 2,
    sessionsPerWeek: 2,
  };

  test.each<[string, Partial<Plan>]>([
    ['when every set is met', {}],
    ['when the last session of a week is missed', { missedSessions: [2, 4, 5] }],
    ['with failures, AMRAP sets and few repetitions', { missedSessions: [1, 3], amrapReps: 8, workReps: 3 }],
  ])('matches its simulation %s', async (_, performance) => {
    const { client, athlete } = await createTrainee(db.database, fixture);
    const days = [{ slug: 'day', liftIds: Object.values(athlete.liftIds) }];

    await expectAgreement(client, {
      ...{ userId: athlete.userId, weeksPerCycle: 2, sessionsPerWeek: 2, weeks: 5, days },
      ...performance,
    });
  });

  test('is simulated from the current state of the athlete, stages and failures included', async () => {
    const trainee = await createTrainee(db.database, fixture);
    const { userId } = trainee.athlete;
    await trainee.train('bench 2/3 1/2');
    await trainee.advanceWeek(1);
    await trainee.completeCycle(1, 1);
    const simulated = await trainee.client.simulateProgressions({
      userId,
      horizon: { case: 'weeks', value: 1 },
      performance: { missedSessions: [1] },
    });
    const session = trainee.startSession();
    const sets = 'squat 4/5, bench 4/5, row 4/5';
    const done = [...(await session.log(sets)), ...(await session.finish('squat bench row'))];

    expect(simulated.events.slice(0, 2).flatMap((event) => trainee.linesOf(event))).toEqual(done);
  });
});

describe('a simulation', () => {
  test('covers a number of weeks or of cycles', async () => {
    const { client, athlete } = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [cycle()],
      weeksPerCycle: 3,
    });
    const { userId } = athlete;
    const endOf = async (horizon: { case: 'weeks' | 'cycles'; value: number }) =>
      (await client.simulateProgressions({ userId, horizon })).finalLiftMaxes[0];

    expect(await endOf({ case: 'weeks', value: 2 })).toMatchObject({ value: '100', version: 1 });
    expect(await endOf({ case: 'weeks', value: 6 })).toMatchObject({
      value: '110',
      version: 3,
      source: LiftMaxSource.PROGRESSION,
    });
    expect(await endOf({ case: 'cycles', value: 26 })).toMatchObject({ value: '230', version: 27 });
  });

  test('covers at most 260 weeks', async () => {
    const { client, athlete } = await createTrainee(db.database, {
      lifts: { squat: '1' },
      weeksPerCycle: 131,
    });
    const { userId } = athlete;

    await expectRefusal(
      client.simulateProgressions({ userId, horizon: { case: 'cycles', value: 2 } }),
      'VALIDATION_FAILED',
      ['cycles'],
    );
    for (const [horizon, field] of [
      [{ case: 'weeks', value: 105 }, 'weeks'],
      [{ case: 'weeks', value: 0 }, 'weeks'],
      [{ case: 'cycles', value: 27 }, 'cycles'],
      [undefined, 'horizon'],
    ] as const) {
      await expectRefusal(client.simulateProgressions({ userId, horizon }), 'VALIDATION_FAILED', [field]);
    }
  });

  test('needs an enrollment, and rules that can be read', async () => {
    const horizon = { case: 'weeks', value: 1 } as const;
    const without = await createTrainee(db.database, { lifts: { squat: '100' }, enrolled: false });
    const broken = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [{ type: 'CYCLE_PROGRESSION', parameters: {} }],
    });

    await expectRefusal(
      without.client.simulateProgressions({ userId: without.athlete.userId, horizon }),
      'NOT_ENROLLED',
    );
    await expectRefusal(
      broken.client.simulateProgressions({ userId: broken.athlete.userId, horizon }),
      'PROGRESSION_INVALID',
    );
    await expectRefusal(broken.client.simulateProgressions({ userId: uuidv7(), horizon }), 'USER_NOT_FOUND');
  });
});
