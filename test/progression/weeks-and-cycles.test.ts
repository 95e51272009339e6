/** HandleWeekAdvance and HandleCycleComplete: the ends of weeks and cycles, wraps included. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { cycle, deload, linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

const WEEKLY = linear({ triggerType: 'AFTER_WEEK' });

describe.each([1, 3, 4, 12])('a cycle of %i weeks', (weeks) => {
  test('fires after each of its weeks, the last one included, and once at its end', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [WEEKLY, cycle()],
      weeksPerCycle: weeks,
    });
    const [applied, wanted]: [string[], string[]] = [[], []];
    let value = 100;
    for (const iteration of [1, 2]) {
      for (let week = 1; week <= weeks; week += 1) {
        const newWeek = week === weeks ? 1 : week + 1;
        applied.push(...(await trainee.advanceWeek(week, { newWeek, cycle: iteration })));
        wanted.push(`linear squat ${value} → ${value + 2.5}`);
        value += 2.5;
      }
      applied.push(...(await trainee.completeCycle(iteration, weeks)));
      wanted.push(`cycle squat ${value} → ${value + 5}`);
      value += 5;
    }

    expect(applied).toEqual(wanted);
    expect(await trainee.max('squat')).toBe(String(value));
  });
});

describe('the end of a week or cycle', () => {
  test('concerns every lift in scope, trained or not', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60', row: null },
      rules: [WEEKLY, cycle({}, { liftSlug: 'bench' })],
    });

    expect(await trainee.advanceWeek(1)).toEqual([
      'linear squat 100 → 102.5',
      'linear bench 60 → 62.5',
      'linear row NO_CURRENT_MAX',
    ]);
    expect(await trainee.completeCycle(1, 1)).toEqual(['cycle bench 62.5 → 67.5']);
  });

  test('is answered under its own trigger type', async () => {
    const { client, athlete } = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [WEEKLY],
    });
    const { userId } = athlete;

    const week = await client.handleWeekAdvance({
      userId,
      week: { previousWeek: 4, newWeek: 1, cycleIteration: 1 },
    });
    const end = await client.handleCycleComplete({
      userId,
      cycle: { completedCycle: 1, newCycle: 2, totalWeeks: 4 },
    });

    expect(week.outcome?.triggerType).toBe(TriggerType.AFTER_WEEK);
    expect(week.outcome?.results[0]?.triggerType).toBe(TriggerType.AFTER_WEEK);
    expect(end.outcome).toMatchObject({ triggerType: TriggerType.AFTER_CYCLE, results: [], totalSkipped: 0 });
  });

  test('is one event: a repetition of the same week or cycle applies nothing', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [WEEKLY, cycle()] });
    await trainee.advanceWeek(1);
    await trainee.completeCycle(1, 4);

    expect(await trainee.advanceWeek(1)).toEqual(['linear squat ALREADY_APPLIED']);
    expect(await trainee.completeCycle(1, 4)).toEqual(['cycle squat ALREADY_APPLIED']);
    expect(await trainee.advanceWeek(1, { cycle: 2 })).toEqual(['linear squat 107.5 → 110']);
    expect(await trainee.max('squat')).toBe('110');
  });
});

describe('a new enrollment', () => {
  test('counts its own weeks and cycles', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [WEEKLY, cycle()] });
    const { accountId, userId, programId } = trainee.athlete;
    await trainee.advanceWeek(1);
    await trainee.completeCycle(1, 1);
    await db.database.transaction(accountId, async (tx) => {
      await sql`update enrollments set status = 'QUIT', ended_at = now() where user_id = ${userId}`.execute(
        tx.sql,
      );
      await sql`insert into enrollments (account_id, id, user_id, program_id, status)
        values (${accountId}, ${uuidv7()}, ${userId}, ${programId}, 'ACTIVE')`.execute(tx.sql);
    });

    expect(await trainee.advanceWeek(1)).toEqual(['linear squat 107.5 → 110']);
    expect(await trainee.completeCycle(1, 1)).toEqual(['cycle squat 110 → 115']);
  });
});

describe('a rule that requires success', () => {
  const rules = [
    linear({ triggerType: 'AFTER_WEEK', requireSuccess: true }),
    cycle({ requireSuccess: true }),
    linear({ requireSuccess: true }),
  ];
  const names = ['week', 'cycle', 'session'];

  async function createStrict(): Promise<Trainee> {
    const lifts = { squat: '100', bench: '60' };
    return createTrainee(db.database, { lifts, rules }, { ruleNames: names });
  }

  test('does not apply to the lift that missed a target since the previous event of its type', async () => {
    const trainee = await createStrict();
    const heard: string[] = [];
    const hear = async (lines: Promise<string[]>) => heard.push(...(await lines));

    await hear(trainee.train('squat 5/5 4/5, bench 5/5'));
    await hear(trainee.train('squat 5/5, bench 5/5'));
    await hear(trainee.advanceWeek(1));
    await hear(trainee.train('squat 5/5'));
    await hear(trainee.advanceWeek(2, { newWeek: 1 }));
    await hear(trainee.completeCycle(1, 2));
    await hear(trainee.advanceWeek(1, { cycle: 2 }));
    await hear(trainee.completeCycle(2, 1));

    expect(heard).toEqual([
      ...['session squat TARGET_MISSED', 'session bench 60 → 62.5'],
      ...['session squat 100 → 102.5', 'session bench 62.5 → 65'],
      ...['week squat TARGET_MISSED', 'week bench 65 → 67.5'],
      ...['session squat 102.5 → 105', 'session bench LIFT_NOT_PERFORMED'],
      ...['week squat 105 → 107.5', 'week bench 67.5 → 70'],
      ...['cycle squat TARGET_MISSED', 'cycle bench 70 → 75'],
      ...['week squat 107.5 → 110', 'week bench 75 → 77.5'],
      ...['cycle squat 110 → 115', 'cycle bench 77.5 → 82.5'],
    ]);
  });

  test('does not look at warm-ups', async () => {
    const trainee = await createStrict();

    expect(await trainee.train('squat w2/5 5/5')).toContain('session squat 100 → 102.5');
    expect(await trainee.advanceWeek(1)).toContain('week squat 102.5 → 105');
  });

  test('counts late sets in the week or cycle in which they are logged', async () => {
    const trainee = await createStrict();
    const session = trainee.startSession();
    await session.log('squat 5/5');
    expect(await session.finish('squat')).toContain('session squat 100 → 102.5');
    await trainee.advanceWeek(1);

    expect(await session.log('squat 2/5')).toEqual(['session squat SESSION_ALREADY_COMPLETED']);

    expect(await trainee.advanceWeek(2)).toContain('week squat TARGET_MISSED');
    expect(await trainee.advanceWeek(3)).toContain('week squat 105 → 107.5');
  });

  test('is not affected by another athlete’s failures', async () => {
    const trainee = await createStrict();
    const { accountId } = trainee.athlete;
    const other = await createTrainee(db.database, { accountId, lifts: { squat: '80' }, rules: [deload()] });
    await other.train('squat 1/5');

    expect(await trainee.advanceWeek(1)).toContain('week squat 100 → 102.5');
  });
});

describe('an impossible week or cycle is refused', () => {
  test.each([
    [1, 3],
    [2, 2],
    [3, 2],
  ])('week %i cannot be followed by week %i', async (previousWeek, newWeek) => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [WEEKLY] });

    await expectRefusedUnchanged(
      db.database,
      () => trainee.advanceWeek(previousWeek, { newWeek }),
      'VALIDATION_FAILED',
      ['week.new_week'],
    );
  });

  test('a week beyond the length of the program, when that is more than one week', async () => {
    const lifts = { squat: '100' };
    const trainee = await createTrainee(db.database, { lifts, rules: [WEEKLY], weeksPerCycle: 4 });
    const refused = (call: () => Promise<unknown>, ...fields: string[]) =>
      expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', fields);

    await refused(() => trainee.advanceWeek(4), 'week.new_week');
    await refused(() => trainee.advanceWeek(5, { newWeek: 1 }), 'week.previous_week');
    await refused(() => trainee.completeCycle(1, 5), 'cycle.total_weeks');
    await refused(() => trainee.startSession().finish('squat', { week: 5 }), 'session.week_number');
    expect(await trainee.advanceWeek(4, { newWeek: 1 })).toEqual(['linear squat 100 → 102.5']);

    const weekly = await createTrainee(db.database, { lifts, rules: [WEEKLY], weeksPerCycle: 1 });
    expect(await weekly.advanceWeek(9)).toEqual(['linear squat 100 → 102.5']);
  });

  test('a cycle is followed by the next', async () => {
    const { client, athlete } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const { userId } = athlete;
    for (const newCycle of [1, 3]) {
      await expectRefusedUnchanged(
        db.database,
        () => client.handleCycleComplete({ userId, cycle: { completedCycle: 1, newCycle, totalWeeks: 4 } }),
        'VALIDATION_FAILED',
        ['cycle.new_cycle'],
      );
    }
  });

  test('weeks and cycles count from 1', async () => {
    const { client, athlete } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const { userId } = athlete;

    await expectRefusedUnchanged(
      db.database,
      () => client.handleWeekAdvance({ userId, week: { previousWeek: 0, newWeek: 1, cycleIteration: 0 } }),
      'VALIDATION_FAILED',
      ['week.previous_week', 'week.cycle_iteration'],
    );
    await expectRefusedUnchanged(
      db.database,
      () => client.handleCycleComplete({ userId, cycle: { completedCycle: 0, newCycle: 1, totalWeeks: 0 } }),
      'VALIDATION_FAILED',
      ['cycle.completed_cycle', 'cycle.total_weeks'],
    );
  });
});
