/** The guards of the progression log hold by SQL, whatever a row says of its session. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, expect, test } from 'vitest';
import { linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();
let trainee: Trainee;
beforeEach(async () => {
  trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
  await trainee.train('squat 5/5');
});

/** Repeats the athlete's log row with these columns changed, as the owner; resolves to the error, or null. */
async function repeat(changed: Readonly<Record<string, string>>): Promise<unknown> {
  const { accountId, userId } = trainee.athlete;
  const columns: Record<string, string> = {
    id: `'${uuidv7()}'`,
    applied_at: `applied_at + interval '1 hour'`,
    ...changed,
  };
  const kept = `account_id, user_id, progression_id, lift_id, max_type, lift_max_version, previous_value, new_value, delta,
    trigger_type, trigger_context`;
  const other = ['trigger_key', 'session_id'].map((name) => `${columns[name] ?? name} as ${name}`);
  try {
    await db.database.orm.em.getConnection().execute(`
      insert into progression_logs (${kept}, id, applied_at, trigger_key, session_id)
      select ${kept}, ${columns.id}, ${columns.applied_at}, ${other.join(', ')} from progression_logs
      where account_id = '${accountId}' and user_id = '${userId}' order by applied_at limit 1`);
    return null;
  } catch (error) {
    return error;
  }
}

const violates = (name: string) =>
  expect.objectContaining({ message: expect.stringContaining(`constraint "${name}"`) });

const session = uuidv7();
const WITHOUT_SESSION = { session_id: 'null::uuid' };

test.each([
  ['of a session', {}],
  ['of no session', { ...WITHOUT_SESSION, trigger_key: `'week:1:1'` }],
])('an event %s applies a rule once to a max', async (_, event) => {
  await repeat(event);
  expect(await repeat({ ...event, applied_at: 'now()' })).toEqual(
    violates('progression_applies_once_per_event'),
  );
});

test('an application that was undone makes room for another one, as often as it is undone', async () => {
  const { accountId, userId } = trainee.athlete;
  const undo = () =>
    db.database.transaction(accountId, (tx) =>
      sql`update progression_logs set is_reverted = true
          where account_id = ${accountId} and user_id = ${userId}`.execute(tx.sql),
    );
  for (const hours of [1, 2, 3]) {
    await undo();
    const applied_at = `applied_at + interval '${hours} hours'`;
    expect(await repeat({ applied_at })).toBeNull();
    expect(await repeat({ applied_at: `now()` })).toEqual(violates('progression_applies_once_per_event'));
  }
});

test.each([
  ['another session than its key', { session_id: `'${session}'::uuid` }],
  ['no session, and a key with one', WITHOUT_SESSION],
  ['a session, and a key without one', { trigger_key: `'week:1:1'` }],
])('no log row has %s', async (_, columns) => {
  expect(await repeat(columns)).toEqual(violates('progression_log_is_of_the_session_in_its_key'));
});

test('no log row has an empty key', async () => {
  expect(await repeat({ ...WITHOUT_SESSION, trigger_key: `''` })).toEqual(
    violates('progression_log_has_a_key'),
  );
});

test('a rule applies to a lift once at an instant', async () => {
  expect(await repeat({ ...WITHOUT_SESSION, trigger_key: `'week:1:1'`, applied_at: 'applied_at' })).toEqual(
    violates('progression_applies_once_per_instant'),
  );
});
