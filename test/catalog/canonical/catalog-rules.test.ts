/** What the rules of well-known programs do to an athlete who copied one, over the RPCs. */
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { enumName } from '../../../src/calls/enum-name.ts';
import { MaxType, SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  ResultReason,
  ResultReasonSchema,
  type TriggerOutcome,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { systemClock } from '../../../src/values/system-clock.ts';
import { createCatalogClient } from '../../support/catalog-client.ts';
import { createProgressionClient } from '../../support/progression-client.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();

/** An athlete on a copy of the program, with these training maxes. */
async function follow(catalogSlug: string, maxes: Record<string, string>) {
  const { accountId, programs, users } = createCatalogClient(db.database, { clock: systemClock });
  const { program } = await programs.copyProgram({ from: { case: 'catalogSlug', value: catalogSlug } });
  const { user } = await users.createUser({ name: 'An athlete' });
  const userId = `${user?.id}`;
  await programs.enrollUser({ userId, programId: `${program?.id}` });
  const client = createProgressionClient(db.database, { accountId });
  const liftIds = new Map(program?.lifts.map(({ id, slug }) => [slug, id]));
  const liftId = (slug: string) => `${liftIds.get(slug)}`;
  for (const [slug, value] of Object.entries(maxes)) {
    await client.setLiftMax({ userId, liftId: liftId(slug), maxType: MaxType.TRAINING_MAX, value });
  }
  const linesOf = (outcome: TriggerOutcome | undefined) =>
    (outcome?.results ?? [])
      .filter(({ reason }) => reason !== ResultReason.NO_CURRENT_MAX)
      .map(({ applied, reason, previousValue, newValue }) =>
        applied ? `${previousValue} → ${newValue}` : enumName(ResultReasonSchema, reason),
      );
  return {
    /** Logs work sets as repetitions done of a target, and completes the session. */
    async train(slug: string, targetReps: number, ...reps: number[]): Promise<string[]> {
      const sessionId = uuidv7();
      const sets = reps.map((repsPerformed, index) => ({
        ...{ liftId: liftId(slug), setNumber: index + 1, kind: SetKind.WORK, weight: '60' },
        ...{ targetReps, repsPerformed },
      }));
      await client.logSets({ userId, sessionId, sets });
      const session = { sessionId, daySlug: 'day', weekNumber: 1, liftsPerformed: [liftId(slug)] };
      return linesOf((await client.handleSessionComplete({ userId, session })).outcome);
    },
    async advanceWeek(previousWeek: number): Promise<string[]> {
      const week = { previousWeek, newWeek: previousWeek + 1, cycleIteration: 1 };
      return linesOf((await client.handleWeekAdvance({ userId, week })).outcome);
    },
    async completeCycle(completedCycle: number, totalWeeks: number): Promise<string[]> {
      const cycle = { completedCycle, newCycle: completedCycle + 1, totalWeeks };
      return linesOf((await client.handleCycleComplete({ userId, cycle })).outcome);
    },
  };
}

test.each([
  ['starting-strength-kg', 'bench-press', '62.5', '56.25'],
  ['starting-strength-kg', 'squat', '62.5', '57.5'],
  ['starting-strength-lb', 'overhead-press', '125', '112.5'],
  ['starting-strength-lb', 'deadlift', '125', '115'],
])('%s takes a stalled %s from %s back to %s, what its plates allow', async (slug, lift, max, deloaded) => {
  const { train } = await follow(slug, { [lift]: max });

  expect(await train(lift, 5, 5, 5, 4)).toContain('TARGET_MISSED');
  expect(await train(lift, 5, 5, 5, 4)).toContain(`${max} → ${deloaded}`);
});

test('GZCLP adds weight for the volume of a session, although one set fell short', async () => {
  const { train } = await follow('gzclp-kg', { 'squat-t1': '100', 'bench-press-t2': '50' });

  expect(await train('squat-t1', 3, 3, 3, 3, 2, 4)).toEqual(['100 → 105']);
  expect(await train('squat-t1', 3, 3, 3, 3, 2, 3)).toEqual(['105 → 105', 'TARGET_MISSED']);
  expect(await train('squat-t1', 2, 2, 2, 2, 2, 1, 3)).toEqual(['105 → 110']);
  expect(await train('bench-press-t2', 10, 10, 9, 10)).toEqual(['50 → 50', 'TARGET_MISSED']);
  expect(await train('bench-press-t2', 8, 8, 7, 9)).toEqual(['50 → 52.5']);
});

test.each(['texas-method-kg', 'madcow-5x5-kg'])('%s adds nothing for a week of holidays', async (slug) => {
  const { train, advanceWeek } = await follow(slug, { squat: '100' });
  await train('squat', 5, 5, 5, 5);

  expect(await advanceWeek(1)).toEqual(['100 → 102.5']);
  expect(await advanceWeek(2)).toEqual(['NOT_PERFORMED']);
});

test.each([
  ['wendler-531-bbb-kg', 4, '100 → 105'],
  ['nuckols-high-frequency-lb', 3, '100 → 105'],
])('%s adds nothing for a cycle without the lift', async (slug, weeks, change) => {
  const { train, completeCycle } = await follow(slug, { squat: '100' });
  await train('squat', 5, 5, 5, 5);

  expect(await completeCycle(1, weeks)).toEqual([change]);
  expect(await completeCycle(2, weeks)).toEqual(['NOT_PERFORMED']);
});
