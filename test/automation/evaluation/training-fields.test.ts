/** The fields of athletes' training: what they contain, and that both filter engines read the same. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { compileTrigger } from '../../../src/automation/decision/compile-trigger.ts';
import { loadEventSubjects } from '../../../src/automation/evaluation/load-event-subjects.ts';
import { createAccountTypes } from '../../../src/automation/event-types/account-types.ts';
import { builtInEventType } from '../../../src/automation/event-types/event-types.ts';
import { LIFT_MEASURES, TRAINING_FIELDS } from '../../../src/automation/event-types/training-fields.ts';
import { countMatchingAthletes } from '../../../src/automation/inspection/count-matching-athletes.ts';
import { createSyntheticEvent } from '../../../src/automation/replay/backfill-page.ts';
import { compileFilter } from '../../../src/filters/compile-filter.ts';
import type { FilterGroup, JsonObject, JsonValue } from '../../../src/filters/filter.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import type { Transaction } from '../../../src/store/database.ts';
import { type Instant, instantFromText, instantToText } from '../../../src/values/instant.ts';
import { type RandomField, randomFilter } from '../../filters/arbitrary-filter.ts';
import { and, condition } from '../../filters/field-fixtures.ts';
import { createAutomationClient } from '../../support/automation.ts';
import { openAdminConnection } from '../../support/database-server.ts';
import { createAthlete, createTeammate } from '../../support/fixtures.ts';
import { deload, stages } from '../../support/rule-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTrainee } from '../../support/trainee.ts';
import { allOf, createAutomatedAccount, DAY, HOUR } from './automated-account.ts';

const db = useTestDatabase();
const NOW = instantFromText('2026-11-26T08:45:00Z');
const ATHLETES = 60;
const FILTERS = 100;
const SEED = Number(process.env.FILTER_SEED || Date.now() % 1_000_000_000);

const TYPES = createAccountTypes([], []);
const CATALOGUE = TYPES.fieldCatalogue(builtInEventType('tag_added') ?? expect.fail());

/** The training of an athlete that the filter reads, as evaluation loads it for an event at the time. */
async function loadDocument(tx: Transaction, userId: string, filter: FilterGroup, at: Instant) {
  const stored = { id: uuidv7(), workflowId: uuidv7(), event: 'tag_added', version: 1 };
  const trigger = compileTrigger({ ...stored, filters: filter as unknown as JsonValue, settings: {} }, TYPES);
  const event = createSyntheticEvent(uuidv7(), userId, at);
  const subjectOf = await loadEventSubjects(tx, [{ event, triggers: [trigger] }]);
  return subjectOf(event)?.document ?? expect.fail();
}

/** Sets the start of every enrollment of the database, to an expression in SQL. */
async function startedAt(expression: string) {
  const owner = openAdminConnection(db.url);
  await owner.run(`update enrollments set started_at = ${expression}`);
  await owner.close();
}

function exist(...names: string[]): FilterGroup {
  return and(...names.map((name) => condition(name, 'exists')));
}

test('an athlete has the program, the sessions, and the maxes, failures, stage and estimates of each lift', async () => {
  const rules = [deload({ failureThreshold: 5 }), stages({ resetOnExhaustion: false })];
  const trainee = await createTrainee(db.database, { lifts: { squat: '100', bench: '60' }, rules });
  const { userId, accountId, programId } = trainee.athlete;
  const at = (days: bigint) => NOW - days * DAY;
  const train = async (days: bigint, sets: string) => {
    const session = trainee.startSession();
    await session.log(sets, { at: at(days) - HOUR });
    await session.finish(sets.split(' ')[0] ?? '', { at: at(days) });
  };
  await train(40n, 'squat 5/5@100');
  await train(20n, 'squat 2/5@112.5');
  await train(7n, 'squat 1/5@90 8/5+@100');
  await train(2n, 'squat 3/5@110');
  await startedAt(`'${instantToText(at(45n) + HOUR)}'`);
  const names = [
    ...TRAINING_FIELDS.map(({ name }) => name),
    ...LIFT_MEASURES.map((measure) => `training.${measure}.squat`),
  ];

  const { training } = await db.database.transaction(accountId, (tx) =>
    loadDocument(tx, userId, exist(...names, 'training.training_max.bench', 'training.best_e1rm.bench'), NOW),
  );

  expect(training).toEqual({
    program_id: programId,
    program: `program-${programId}`,
    enrollment_status: 'ACTIVE',
    enrollment_days: 44,
    last_session_at: instantToText(at(2n)),
    days_since_session: 2,
    // A session exactly 7 days ago is not in the last 7 days.
    ...{ sessions_7_days: 1, sessions_28_days: 3 },
    training_max: { squat: '100', bench: '60' },
    ...{ one_rm: { squat: null }, estimated_one_rm: { squat: null } },
    failures: { squat: 1 },
    stage: { squat: await stageOf(accountId, userId) },
    best_e1rm: { squat: '126.666667', bench: null },
    e1rm_trend: { squat: '10' },
  });
  expect(await trainee.max('squat', MaxType.TRAINING_MAX)).toBe('100');
});

async function stageOf(accountId: string, userId: string): Promise<number> {
  const { rows } = await db.database.transaction(accountId, (tx) =>
    sql<{ stage: number }>`select stage from progression_states where user_id = ${userId}`.execute(tx.sql),
  );
  return rows[0]?.stage ?? expect.fail();
}

test('an event sees the sessions until its own time', async () => {
  const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [] });
  const { userId, accountId } = trainee.athlete;
  await trainee.startSession().finish('squat', { at: NOW - 3n * DAY });
  await trainee.startSession().finish('squat', { at: NOW });

  const read = (at: Instant) =>
    db.database.transaction(accountId, (tx) =>
      loadDocument(tx, userId, exist('training.sessions_7_days'), at),
    );
  expect((await read(NOW)).training).toMatchObject({ sessions_7_days: 2, days_since_session: 0 });
  expect((await read(NOW - 1n)).training).toMatchObject({ sessions_7_days: 1, days_since_session: 2 });
  expect((await read(NOW - 4n * DAY)).training).toMatchObject({ sessions_7_days: 0, last_session_at: null });
});

const FIELDS: RandomField[] = [
  ...TRAINING_FIELDS.map(({ name, type }) => ({ name, type, isDiffable: false })),
  ...LIFT_MEASURES.flatMap((measure) =>
    ['squat', 'bench', 'curl'].map((slug) => ({
      name: `training.${measure}.${slug}`,
      type: CATALOGUE.resolve(`training.${measure}.${slug}`)?.type ?? expect.fail(),
      isDiffable: false,
    })),
  ),
];

test(`${FILTERS} random filters on ${ATHLETES} trained athletes: the preview in SQL and evaluation agree (FILTER_SEED=${SEED})`, {
  timeout: 120_000,
}, async () => {
  const accountId = await createTrainedAthletes();
  const verdicts = { true: 0, false: 0 };
  const known = await db.database.transaction(accountId, (tx) =>
    sql<{ id: string }>`select id from users where account_id = ${accountId} order by id`.execute(tx.sql),
  );
  const userIds = known.rows.map(({ id }) => id);
  await fc.assert(
    fc.asyncProperty(randomFilter({ fields: FIELDS, depth: 2 }), async (filter) => {
      const { found, documents } = await db.database.transaction(accountId, async (tx) => ({
        found: await countMatchingAthletes(tx, filter, CATALOGUE, { now: NOW, samples: ATHLETES }),
        documents: await loadDocuments(tx, userIds, filter),
      }));

      const { matches } = compileFilter(filter, CATALOGUE);
      const matching = userIds.filter((_, index) =>
        matches({
          ...{ event: {}, previous: null, occurredAt: NOW, timeZone: 'UTC' },
          athlete: documents[index] ?? {},
        }),
      );
      verdicts.true += matching.length;
      verdicts.false += userIds.length - matching.length;
      expect(found.samples.map(({ userId }) => userId)).toEqual(matching);
      expect(found.undecidedPaths).toEqual([]);
    }),
    { numRuns: FILTERS, seed: SEED },
  );
  expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan((FILTERS * ATHLETES) / 10);
});

async function loadDocuments(
  tx: Transaction,
  userIds: readonly string[],
  filter: FilterGroup,
): Promise<JsonObject[]> {
  const stored = { id: uuidv7(), workflowId: uuidv7(), event: 'tag_added', version: 1 };
  const trigger = compileTrigger({ ...stored, filters: filter as unknown as JsonValue, settings: {} }, TYPES);
  const candidates = userIds.map((userId) => ({
    event: createSyntheticEvent(uuidv7(), userId, NOW),
    triggers: [trigger],
  }));
  const subjectOf = await loadEventSubjects(tx, candidates);
  return candidates.map(({ event }) => subjectOf(event)?.document ?? {});
}

/** Athletes with random sets, sessions, maxes and counters, some without a program. */
async function createTrainedAthletes(): Promise<string> {
  const rules = [deload(), stages({ resetOnExhaustion: false })];
  const first = await createAthlete(db.database, {
    lifts: { squat: '100', bench: null, curl: '20.5' },
    rules,
  });
  const teammates = await Promise.all(
    Array.from({ length: ATHLETES - 1 }, (_, index) =>
      createTeammate(db.database, first, index % 3 === 0 ? {} : { squat: `${90 + index}`, bench: '55.25' }),
    ),
  );
  await db.database.transaction(first.accountId, async (tx) => {
    const random = sql`random()`;
    await sql`select setseed(${(SEED % 1000) / 1000})`.execute(tx.sql);
    const userIds = [first, ...teammates].map(({ userId }) => userId);
    const now = sql`${instantToText(NOW)}::timestamptz`;
    const each = sql`unnest(${userIds}::uuid[]) u(id)`;
    const liftIds = Object.values(first.liftIds);
    for (const statement of [
      sql`insert into logged_sets (account_id, id, user_id, session_id, lift_id, set_number, kind, weight, target_reps,
          reps_performed, performed_at)
        select ${first.accountId}, gen_random_uuid(), u.id, gen_random_uuid(), l.id, 1,
          (array['WORK', 'AMRAP', 'WARM_UP'])[1 + floor(${random} * 3)::int], round((60 + ${random} * 60)::numeric, 1), 5,
          floor(${random} * 10)::int, ${now} - ${random} * interval '70 days'
        from ${each}, unnest(${liftIds}::uuid[]) l(id), generate_series(1, 4) where ${random} < 0.6`,
      sql`insert into requests (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key,
          occurred_at)
        select ${first.accountId}, 'HandleSessionComplete', s.id, '', '', s.user_id, 'AFTER_SESSION', 'session:' || s.id,
          ${now} + interval '3 days' - ${random} * interval '40 days'
        from (select u.id as user_id, gen_random_uuid() as id from ${each}, generate_series(1, 5) offset 0) s
        where ${random} < 0.6`,
      sql`insert into failure_counters (account_id, user_id, lift_id, progression_id, consecutive_failures)
        select ${first.accountId}, u.id, l.id, ${first.progressionIds[0]}, floor(${random} * 4)::int
        from ${each}, unnest(${liftIds}::uuid[]) l(id) where ${random} < 0.5`,
      sql`insert into progression_states (account_id, user_id, lift_id, progression_id, stage)
        select ${first.accountId}, u.id, l.id, ${first.progressionIds[1]}, floor(${random} * 3)::int
        from ${each}, unnest(${liftIds}::uuid[]) l(id) where ${random} < 0.5`,
      sql`update enrollments set status = 'QUIT', ended_at = ${now} where ${random} < 0.2`,
    ]) {
      await statement.execute(tx.sql);
    }
  });
  await startedAt(`'${instantToText(NOW)}'::timestamptz - random() * interval '90 days'`);
  return first.accountId;
}

test('a filter that names a lift by a slug that the account lacks is saved with a warning', async () => {
  const { accountId } = await createAthlete(db.database, { lifts: { squat: '100' } });
  const client = createAutomationClient(db.database, { accountId });

  const { warnings } = await client.workflows.createWorkflow({
    name: 'A workflow',
    trigger: {
      triggerEvent: 'session_completed',
      filter: {
        conditions: [
          { field: 'training.training_max.squat', operator: 'exists' },
          { field: 'training.failures.squad', operator: 'exists' },
        ],
      },
    },
    actions: [{ action: { case: 'addTag', value: { tag: 'a' } } }],
  });

  expect(warnings).toMatchObject([{ reason: 'LIFT_UNKNOWN', metadata: { slug: 'squad' } }]);
});

test('a preview counts the athletes whose training its filter matches', async () => {
  const account = await createAutomatedAccount(db.database);
  const filters = allOf({ field: 'training.days_since_session', operator: 'greater_than', value: 3 });
  const { triggerId } = await account.addWorkflow({ event: 'tag_added', filters, settings: {} });
  const client = createAutomationClient(db.database, { accountId: account.accountId, clock: () => NOW });
  const userId = await account.addAthlete();
  await account.addAthlete();
  await account.rows(sql`
    insert into requests (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key, occurred_at)
    values (${account.accountId}, 'HandleSessionComplete', ${uuidv7()}, '', '', ${userId}, 'AFTER_SESSION',
      ${`session:${uuidv7()}`}, ${instantToText(NOW - 4n * DAY)})`);

  const answer = await client.triggers.previewTrigger({ target: { case: 'triggerId', value: triggerId } });

  expect(answer).toMatchObject({ estimatedCount: 1, approximate: false, sampleUsers: [{ userId }] });
});
