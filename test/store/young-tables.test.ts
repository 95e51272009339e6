/** Statements that are prepared while tables are empty still find rows by their keys. */
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLoggedEvents } from '../../src/automation/evaluation/insert-events.ts';
import { SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { deload, linear } from '../support/rule-fixtures.ts';
import { looksOf } from '../support/statement-plans.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';
import { openWatchedDatabase, type WatchedDatabase } from '../support/watched-statements.ts';

const db = useTestDatabase();
let watched: WatchedDatabase;
beforeAll(() => {
  watched = openWatchedDatabase(db);
});
afterAll(async () => {
  await watched.database.close();
});

test('a call is looked up by its request, and an event by its identity', async () => {
  const { athlete } = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
  const { accountId, userId, liftIds } = athlete;
  await createProgressionClient(watched.database, { accountId }).handleSessionComplete({
    userId,
    session: {
      ...{ sessionId: uuidv7(), daySlug: 'a', weekNumber: 1 },
      liftsPerformed: Object.values(liftIds),
    },
  });
  const looks = watched.taken().filter((text) => /as request_fingerprint/.test(text));
  expect(looks).toHaveLength(1);

  expect(await looksOf(db.database, looks[0] ?? '', 'requests')).toEqual([
    expect.stringMatching(/^requests_pkey: .*account_id.*method.*request_id/),
    expect.stringMatching(/^event_is_recorded_once: .*account_id.*user_id.*trigger_type.*trigger_key/),
  ]);
});

test('an event is looked up in the log by its id', async () => {
  const accountId = uuidv7();
  await db.database.ensureAccount(accountId);
  await watched.database.transaction(accountId, (tx) => findLoggedEvents(tx, [uuidv7()]));
  const looks = watched.taken().filter((text) => /from events/.test(text));
  expect(looks).toHaveLength(1);

  expect(await looksOf(db.database, looks[0] ?? '', 'events')).toEqual([
    expect.stringMatching(/^events_pkey: .*account_id.* AND .*id/),
  ]);
});

test('the reads of an event do not use the indexes of lists', async () => {
  const { athlete } = await createTrainee(db.database, {
    lifts: { squat: '100' },
    rules: [linear(), deload({ countBy: 'SESSION' })],
  });
  const { accountId, userId, liftIds } = athlete;
  const client = createProgressionClient(watched.database, { accountId });
  const [liftId = ''] = Object.values(liftIds);
  const sessionId = uuidv7();
  const set = { liftId, setNumber: 1, kind: SetKind.WORK, weight: '60', targetReps: 5, repsPerformed: 5 };
  await client.logSets({ userId, sessionId, sets: [set] });
  await client.handleSessionComplete({
    userId,
    session: { sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId] },
  });
  const taken = watched.taken();
  const looksInto = async (table: string, pattern: RegExp) => {
    const texts = taken.filter((text) => pattern.test(text));
    expect(texts.length).toBeGreaterThan(0);
    return looksOf(db.database, texts.at(-1) ?? '', table);
  };

  expect(await looksInto('enrollments', /as request_fingerprint/)).toEqual([
    expect.stringMatching(/^one_active_enrollment_per_user: .*user_id/),
  ]);
  expect((await looksInto('logged_sets', /session_id = k\.session_id\s+offset 0\s+\) s/)).join()).not.toMatch(
    /logged_sets_by_time/,
  );
  expect(await looksInto('progression_logs', /applied_at between/)).toEqual([
    expect.stringMatching(/^progression_applies_once_per_instant: .*user_id.*applied_at/),
  ]);
  expect(await looksInto('lift_maxes', /k\.max_type, m\.version/)).toEqual([
    expect.stringMatching(/^lift_max_version_is_unique: .*user_id.*lift_id.*max_type/),
  ]);
  expect(await looksInto('progression_logs', /as is_reverted/)).toContainEqual(
    expect.stringMatching(/^progression_applies_once_per_event: .*user_id.*session_id/),
  );
});
