/** On filled tables, each list of the history reads its rows by an index that fits the request. */
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AccountClient, createAccountClients } from '../isolation/account-client.ts';
import { looksOf } from '../support/statement-plans.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';
import { openWatchedDatabase, type WatchedDatabase } from '../support/watched-statements.ts';

const ATHLETES = 200;
const SESSIONS = 60;

const db = useTestDatabase();
let watched: WatchedDatabase;
let client: AccountClient;
let ids: { accountId: string; userId: string; liftId: string; programId: string };
beforeAll(async () => {
  watched = openWatchedDatabase(db);
  const { athlete } = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [] });
  const { accountId, programId, userId, liftIds } = athlete;
  ids = { accountId, programId, userId, liftId: `${Object.values(liftIds)}` };
  client = createAccountClients(watched.database)(accountId);
  await fill();
}, 60_000);
afterAll(async () => {
  await watched.database.close();
});

/** Athletes with sessions of two sets, an application each, and a handful of enrollments. */
async function fill(): Promise<void> {
  const { accountId, programId, liftId } = ids;
  const [rule, other] = [uuidv7(), uuidv7()];
  const run = (text: string) => db.database.orm.em.getConnection().execute(text);
  const ofSessions = `from athletes u cross join generate_series(2, ${SESSIONS + 1}) n`;
  await run(
    `create temporary table athletes as select gen_random_uuid() as id from generate_series(1, ${ATHLETES})`,
  );
  for (const text of [
    `insert into users (account_id, id, name) select '${accountId}', id, 'A' from athletes`,
    `insert into progressions (account_id, id, name, type, parameters) values ('${accountId}', '${rule}', 'r', 'LINEAR_PROGRESSION', '{}')`,
    `insert into programs (account_id, id, slug, name, weeks_per_cycle, sessions_per_week)
      values ('${accountId}', '${other}', 'other', 'Other', 1, 1)`,
    `insert into enrollments (account_id, id, user_id, program_id, status, started_at, ended_at)
      select '${accountId}', gen_random_uuid(), id, case n when 1 then '${programId}'::uuid else '${other}' end, 'QUIT', now() - n * interval '1 day', now()
      from athletes, generate_series(1, 10) n`,
    `insert into lift_maxes (account_id, id, user_id, lift_id, max_type, version, value, source, effective_at)
      select '${accountId}', gen_random_uuid(), u.id, '${liftId}', 'TRAINING_MAX', n, 100, 'PROGRESSION', now()
      from athletes u cross join generate_series(1, ${SESSIONS + 1}) n`,
    `insert into progression_logs (account_id, id, user_id, progression_id, lift_id, max_type, lift_max_version,
        previous_value, new_value, delta, trigger_type, trigger_key, trigger_context, session_id, applied_at)
      select '${accountId}', gen_random_uuid(), u.id, '${rule}', '${liftId}', 'TRAINING_MAX', n, 100, 100, 0,
        'AFTER_SESSION', 'session:' || s.id, '{}', s.id, now() - n * interval '1 day'
      ${ofSessions} cross join lateral (select gen_random_uuid() as id where n > 0) s`,
    `insert into requests (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key, occurred_at)
      select '${accountId}', 'HandleSessionComplete', gen_random_uuid(), '', '', u.id, 'AFTER_SESSION',
        'session:' || gen_random_uuid(), now() - n * interval '1 day' ${ofSessions}`,
    `insert into logged_sets (account_id, id, user_id, session_id, lift_id, set_number, kind, weight, target_reps,
        reps_performed, performed_at)
      select '${accountId}', gen_random_uuid(), u.id, gen_random_uuid(), '${liftId}', 1, 'WORK', 60, 5, 5,
        now() - n * interval '1 day' ${ofSessions}`,
    'analyze',
  ]) {
    await run(text);
  }
}

/** The looks into a table of the last statement of a call that reads it. */
async function looks(call: Promise<unknown>, table: string, pattern = new RegExp(`from "?${table}`)) {
  watched.taken();
  await call;
  const text = watched.taken().findLast((each) => pattern.test(each));
  return looksOf(db.database, `${text}`, table);
}

test('the history of an athlete is read by index', async () => {
  const { userId } = ids;
  const { progression: p, programs } = client;

  expect(await looks(p.listLoggedSets({ userId }), 'logged_sets')).toEqual([
    expect.stringMatching(/^logged_sets_by_time: .*user_id/),
  ]);
  expect(await looks(p.listLoggedSets({ userId, sessionId: uuidv7() }), 'logged_sets')).toEqual([
    expect.stringMatching(/^set_is_logged_once: .*session_id/),
  ]);
  expect(await looks(p.listSessions({ userId }), 'requests')).toEqual([
    expect.stringMatching(/^sessions_by_time: .*user_id/),
  ]);
  expect(await looks(p.listProgressionLogs({ userId }), 'progression_logs')).toContainEqual(
    expect.stringMatching(/^progression_applies_once_per_instant: .*user_id/),
  );
  expect(
    await looks(p.listProgressionLogs({ userId, sessionId: uuidv7() }), 'progression_logs'),
  ).toContainEqual(expect.stringMatching(/^progression_applies_once_per_event: .*session_id/));
  expect(await looks(p.listLiftMaxes({ userId }), 'lift_maxes', /cross join lateral/)).toEqual([
    expect.stringMatching(/^lift_maxes_by_athlete: .*user_id/),
    expect.stringMatching(/^lift_max_version_is_unique: .*user_id.*lift_id.*max_type/),
  ]);
  expect(await looks(programs.listEnrollments({ userId }), 'enrollments')).toEqual([
    expect.stringMatching(/^enrollments_by_user: .*user_id/),
  ]);
});

test('the history of an account is read by index', async () => {
  const { liftId, programId } = ids;
  const { progression: p, programs } = client;

  expect(await looks(p.listProgressionLogs({}), 'progression_logs')).toContainEqual(
    expect.stringMatching(/^progression_logs_of_account: .*account_id/),
  );
  expect(await looks(p.listLiftMaxes({}), 'lift_maxes', /cross join lateral/)).toEqual([
    expect.stringMatching(/^lift_maxes_by_athlete: .*account_id/),
    expect.stringMatching(/^lift_max_version_is_unique: .*user_id.*lift_id.*max_type/),
  ]);
  expect(await looks(p.listLiftMaxes({ liftId }), 'lift_maxes', /cross join lateral/)).toEqual([
    expect.stringMatching(/^lift_maxes_by_lift: .*lift_id/),
    expect.stringMatching(/^lift_max_version_is_unique: .*user_id.*lift_id.*max_type/),
  ]);
  expect(await looks(programs.listEnrollments({}), 'enrollments')).toEqual([
    expect.stringMatching(/^enrollments_by_time: .*account_id/),
  ]);
  expect(await looks(programs.listEnrollments({ programId }), 'enrollments')).toEqual([
    expect.stringMatching(/^enrollments_by_program: .*program_id/),
  ]);
});

test('the export of an athlete reads each large table in the order of an index', async () => {
  const { userId } = ids;
  const exported = (table: string, pattern?: RegExp) =>
    looks(client.users.exportUserData({ userId }), table, pattern);

  expect(await exported('lift_maxes')).toEqual([
    expect.stringMatching(/^lift_max_version_is_unique: .*user_id/),
  ]);
  expect(await exported('logged_sets')).toEqual([expect.stringMatching(/^set_is_logged_once: .*user_id/)]);
  expect(await exported('progression_logs')).toEqual([
    expect.stringMatching(/^progression_applies_once_per_instant: .*user_id/),
  ]);
  expect(await exported('requests', /trigger_type is not null/)).toEqual([
    expect.stringMatching(/^event_is_recorded_once: .*user_id/),
  ]);
});

test('the outcome of an event is read by the identity of the event', async () => {
  const { userId } = ids;
  const of = (event: { case: 'sessionId' | 'requestId'; value: string }) =>
    client.progression.getEventOutcome({ userId, event }).catch(() => undefined);

  expect(await looks(of({ case: 'sessionId', value: uuidv7() }), 'requests')).toEqual([
    expect.stringMatching(/^event_is_recorded_once: .*user_id.*trigger_type = 'REVERTED'/),
    expect.stringMatching(/^event_is_recorded_once: .*trigger_key/),
    expect.stringMatching(/^requests_pkey: .*request_id/),
  ]);
  expect(await looks(of({ case: 'requestId', value: uuidv7() }), 'requests')).toEqual([
    expect.stringMatching(/^requests_pkey: .*request_id/),
  ]);
});
