/** The builders that other tests use. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createAthlete, createTeammate } from './fixtures.ts';
import { useTestDatabase } from './test-database.ts';

const db = useTestDatabase();

test('an athlete has starting maxes and is enrolled in a program with rules', async () => {
  const athlete = await createAthlete(db.database, {
    lifts: { squat: '100', bench: '80.5', row: null },
    rules: [
      { type: 'LINEAR_PROGRESSION', parameters: { maxType: 'TRAINING_MAX', increment: '2.5' } },
      {
        type: 'CYCLE_PROGRESSION',
        parameters: {},
        priority: 7,
        liftSlug: 'bench',
        overrideIncrement: '1.25',
      },
    ],
  });
  const mate = await createTeammate(db.database, athlete, { squat: '60' });

  const rows = await db.database.transaction(athlete.accountId, async (tx) => {
    const maxes =
      await sql`select user_id, lift_id, max_type, version, value from lift_maxes order by id`.execute(
        tx.sql,
      );
    const rules = await sql`
      select p.type, p.parameters, pp.lift_id, pp.priority, pp.enabled, pp.override_increment
      from enrollments e join program_progressions pp using (account_id, program_id)
      join progressions p on p.account_id = pp.account_id and p.id = pp.progression_id
      where e.user_id = ${mate.userId} and e.status = 'ACTIVE' order by pp.priority`.execute(tx.sql);
    return { maxes: maxes.rows, rules: rules.rows };
  });

  const squat = { lift_id: athlete.liftIds.squat, max_type: 'TRAINING_MAX', version: 1 };
  expect(rows.maxes).toEqual([
    { ...squat, user_id: athlete.userId, value: '100.000000' },
    { ...squat, user_id: athlete.userId, lift_id: athlete.liftIds.bench, value: '80.500000' },
    { ...squat, user_id: mate.userId, value: '60.000000' },
  ]);
  expect(rows.rules).toEqual([
    {
      type: 'LINEAR_PROGRESSION',
      parameters: { maxType: 'TRAINING_MAX', increment: '2.5' },
      lift_id: null,
      priority: 1,
      enabled: true,
      override_increment: null,
    },
    {
      type: 'CYCLE_PROGRESSION',
      parameters: {},
      lift_id: athlete.liftIds.bench,
      priority: 7,
      enabled: true,
      override_increment: '1.250000',
    },
  ]);
});
