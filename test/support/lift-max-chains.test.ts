/** The check of lift max chains finds each kind of violation. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { findBrokenChains } from './lift-max-chains.ts';
import { linear } from './rule-fixtures.ts';
import { useTestDatabasePerTest } from './test-database.ts';
import { createTrainee } from './trainee.ts';

const db = useTestDatabasePerTest();

test.each([
  ['nothing', sql`select 1`, []],
  [
    'a version that is not what the log says',
    sql`update lift_maxes set value = 110 where version = 2`,
    [/^log .* leads from 100.* to 102.5/, /^log .* leads from 102.5/],
  ],
  [
    'a version without a log row',
    sql`delete from progression_logs where lift_max_version = 3`,
    [/ has 0 log rows$/],
  ],
  [
    'a log row that says something else',
    sql`update progression_logs set new_value = 200, delta = 97.5 where lift_max_version = 3`,
    [/^log .* to 200/, /^.* is 105.*, not 200/],
  ],
])('it finds %s', async (_, damage, found) => {
  const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
  await trainee.startSession().finish('squat');
  await trainee.startSession().finish('squat');

  // As the owner of the schema: the application's role cannot do any of this.
  await damage.execute(db.database.orm.em.fork().getKysely());

  expect(await findBrokenChains(db.database)).toEqual(found.map((pattern) => expect.stringMatching(pattern)));
});
