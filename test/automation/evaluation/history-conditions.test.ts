/** Conditions on how often something happened to an athlete: the same in evaluation, in tests and in previews. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AcceptedEvent } from '../../../src/automation/decision/accepted-event.ts';
import { compileTrigger } from '../../../src/automation/decision/compile-trigger.ts';
import { loadEventSubjects } from '../../../src/automation/evaluation/load-event-subjects.ts';
import { createAccountTypes, customEventType } from '../../../src/automation/event-types/account-types.ts';
import { loadedFieldsSql } from '../../../src/automation/event-types/loaded-fields.ts';
import { createSyntheticEvent } from '../../../src/automation/replay/backfill-page.ts';
import { FIELD_TYPES, type JsonValue } from '../../../src/filters/filter.ts';
import { OPERATORS, type OperatorName } from '../../../src/filters/filter-operators.ts';
import { HISTORY, requireHistory } from '../../../src/filters/read-history.ts';
import { FilterLogic } from '../../../src/gen/automation/v1/filter_pb.ts';
import { instantToText } from '../../../src/values/instant.ts';
import { randomEvent, randomFilter } from '../../filters/arbitrary-filter.ts';
import {
  type AutomationClient,
  condition,
  createAutomationClient,
  createWorkflow,
  type TriggerInit,
} from '../../support/automation.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { looksOf } from '../../support/statement-plans.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  createAutomatedAccount,
  DAY,
  evaluateAll,
  loggedReasons,
  logRows,
  NOON,
} from './automated-account.ts';

const db = useTestDatabase();
const SEED = Number(process.env.FILTER_SEED || Date.now() % 1_000_000_000);
let account: AutomatedAccount;
let client: AutomationClient;
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  client = createAutomationClient(db.database, { accountId: account.accountId, clock: () => NOON });
});

const NO_SHOW = 'appointment_no_show';
type History = NonNullable<NonNullable<TriggerInit['filter']>['history']>[number];

function twice(more: History = {}): History {
  return { event: NO_SHOW, within: '30d', expected: { case: 'atLeast', value: 2 }, ...more };
}

function none(event: string, within: string): History {
  return { event, within, expected: { case: 'none', value: true } };
}

async function activate(event: string, ...history: History[]): Promise<string> {
  const workflow = await createWorkflow(client, {
    trigger: { triggerEvent: event, filter: { history }, settings: { policy: 3 } },
  });
  await client.workflows.activateWorkflow({ workflowId: workflow.id });
  return present(workflow.trigger).id;
}

describe('at least 2 in 30 days', () => {
  test('counts the event itself, those of the log and those of the same batch, and no others', async () => {
    await activate(NO_SHOW, twice());
    const [ana, ben] = [await account.addAthlete(), await account.addAthlete()];
    const noShow = (at: bigint) => ({ type: NO_SHOW, at });
    await account.emit(ana, noShow(NOON - 40n * DAY), noShow(NOON - 31n * DAY), noShow(NOON - 30n * DAY));
    await account.emit(ben, noShow(NOON), { type: 'appointment_completed' });
    await evaluateAll(account);
    // 40 days and 31 days ago are two within 30 days, and so are 31 and 30 days ago.
    expect(await loggedReasons(account)).toEqual(['ENROLLED', 'ENROLLED']);

    // 30 days ago to the microsecond is outside of the span, and so is what happens later.
    await account.emit(ana, noShow(NOON), noShow(NOON + 1n));
    await evaluateAll(account);
    expect(await loggedReasons(account)).toHaveLength(3);
  });

  test('with a filter counts the events that match it', async () => {
    const filter = { conditions: [condition('calendar_id', 'equals', 'c1')] };
    await activate(NO_SHOW, twice({ filter }));
    const userId = await account.addAthlete();
    const noShow = (calendar: string) => ({ type: NO_SHOW, data: { calendar_id: calendar } });

    await account.emit(userId, noShow('c1'), noShow('c2'));
    await evaluateAll(account);
    expect(await loggedReasons(account)).toEqual([]);

    await account.emit(userId, noShow('c2'), noShow('c1'));
    await evaluateAll(account);
    expect(await loggedReasons(account)).toEqual(['ENROLLED']);
  });

  test('is explained by the number, and a replay and a test count the same', async () => {
    await account.emit(await account.addAthlete());
    const userId = await account.addAthlete();
    await account.emit(userId, { type: NO_SHOW, at: NOON - DAY });
    const [eventId = ''] = await account.emit(userId, { type: NO_SHOW });
    await account.emit(userId, { type: NO_SHOW, at: NOON });
    await evaluateAll(account);
    const triggerId = await activate(NO_SHOW, twice());

    const replayed = await client.events.replayEvents({ eventIds: [eventId], triggerIds: [triggerId] });
    expect(replayed).toMatchObject({ enrolledCount: 1 });

    const { verdicts } = await client.triggers.explainEvent({ eventId });
    expect(verdicts).toMatchObject([
      {
        matched: true,
        conditions: [
          { path: 'filter.history[0]', field: `history.${NO_SHOW}`, operator: 'at_least', matched: true },
        ],
      },
    ]);
    const event = { case: 'simulated' as const, value: {} };
    const tested = await client.triggers.testTrigger({ triggerId, userId, event });
    expect(tested).toMatchObject({ matched: true });
    const first = await client.triggers.testTrigger({ triggerId, userId: await account.addAthlete(), event });
    expect(first).toMatchObject({ matched: false });
  });
});

test('none in 35 days is true for an athlete without such an event, also in a preview', async () => {
  const triggerId = await activate('session_completed', none('payment.received', '35d'));
  const [paid, lapsed, never] = [
    await account.addAthlete(),
    await account.addAthlete(),
    await account.addAthlete(),
  ];
  await account.emit(paid, { type: 'payment_received', at: NOON - 34n * DAY }, {});
  await account.emit(lapsed, { type: 'payment_received', at: NOON - 36n * DAY }, {});
  await account.emit(never, {});
  await evaluateAll(account);

  const rows = await logRows(account);
  expect(rows.map(({ enrolled }) => enrolled)).toEqual([true, true]);
  const preview = await client.triggers.previewTrigger({ target: { case: 'triggerId', value: triggerId } });
  expect(preview).toMatchObject({ estimatedCount: 2, approximate: false });
  expect(preview.sampleUsers.map(({ userId }) => userId)).toEqual([lapsed, never].toSorted());
});

test('a condition on the history is returned as it was given', async () => {
  const history = [
    twice({ filter: { logic: FilterLogic.OR, conditions: [condition('calendar_id', 'exists')] } }),
    none('payment_received', '5w'),
  ];
  const triggerId = await activate(NO_SHOW, ...history);

  const { trigger } = await client.triggers.getTrigger({ triggerId });
  expect(trigger?.filter?.history).toMatchObject(history);
});

const inner = (...conditions: ReturnType<typeof condition>[]) => twice({ filter: { conditions } });
test.each<[string, History, string[]]>([
  ['an unknown event', twice({ event: 'nothing' }), ['event']],
  ['no event', twice({ event: '' }), ['event']],
  ['no span', twice({ within: '' }), ['within']],
  ['a span of months', twice({ within: '3M' }), ['within']],
  ['a span of 401 days', twice({ within: '401d' }), ['within']],
  ['no number', { event: NO_SHOW, within: '1d' }, ['at_least']],
  ['the number 0', twice({ expected: { case: 'atLeast', value: 0 } }), ['at_least']],
  ['the number 1,001', twice({ expected: { case: 'atLeast', value: 1_001 } }), ['at_least']],
  ['none that is false', twice({ expected: { case: 'none', value: false } }), ['at_least']],
  ['a field of another event', inner(condition('week_number', 'exists')), ['filter.conditions[0].field']],
  ['a field of the athlete', inner(condition('athlete.tags', 'exists')), ['filter.conditions[0].field']],
  ['a change', inner(condition('calendar_id', 'changed')), ['filter.conditions[0].operator']],
  [
    'an operator on the present',
    twice({ event: 'set_logged', filter: { conditions: [condition('performed_at', 'in_last', '7d')] } }),
    ['filter.conditions[0].operator'],
  ],
  ['a history in its filter', twice({ filter: { history: [twice()] } }), ['filter.history[0].event']],
  ['an empty negation', twice({ filter: { not: true } }), ['filter.not']],
])('%s is refused with its path, and nothing is written', async (_, history, fields) => {
  const call = () =>
    createWorkflow(client, { trigger: { triggerEvent: NO_SHOW, filter: { history: [history] } } });

  await expectRefusedUnchanged(
    db.database,
    call,
    'VALIDATION_FAILED',
    fields.map((field) => `trigger.filter.history[0].${field}`),
  );
});

test('the log is read by an index of the athlete, the type and the time', async () => {
  const types = createAccountTypes([], []);
  const catalogue = types.fieldCatalogue(types.eventType(NO_SHOW) ?? expect.fail());
  const history = { event: NO_SHOW, within: '30d', at_least: 2 };
  const { field } = requireHistory(history, catalogue, 'filter');
  const statement = await db.database.transaction(account.accountId, async (tx) => {
    const subject = {
      accountId: sql.lit(account.accountId),
      userId: sql.lit(uuidv7()),
      at: sql`${sql.lit(instantToText(NOON))}::timestamptz`,
    };
    return sql`select ${loadedFieldsSql([field], subject)}`.compile(tx.sql as never).sql;
  });

  const looks = await looksOf(db.database, statement, 'events');
  expect(looks).toHaveLength(1);
  expect(looks[0]).toMatch(/^events_by_user_and_type: .*user_id.*type.*occurred_at/);
});

const FILTERS = 120;
/** Operators that a filter on the history may have, whatever the type of the field. */
const FIXED = (Object.keys(OPERATORS) as OperatorName[]).filter(
  (name) => !['in_last', 'in_next', 'month_is', 'weekday_is', 'on', 'before', 'after'].includes(name),
);

test(`${FILTERS} random conditions: the log in SQL and pending events in the process count the same (FILTER_SEED=${SEED})`, {
  timeout: 120_000,
}, async () => {
  const fields = FIELD_TYPES.map((type) => ({ name: `event_${type}`, type, description: '' }));
  const types = createAccountTypes([customEventType({ slug: 'x', description: '', fields, sample: {} })], []);
  const userId = await account.addAthlete();
  const events = fc
    .sample(fc.tuple(randomEvent, fc.integer({ min: 0, max: 20 }), fc.constantFrom('custom.x', 'custom.y')), {
      ...{ seed: SEED, numRuns: 150 },
    })
    .map(
      ([{ answers: _, ...data }, days, type], index): AcceptedEvent => ({
        ...createSyntheticEvent(uuidv7(), userId, NOON - BigInt(days) * DAY),
        ...{ id: uuidv7(), type, sequence: BigInt(index + 1) },
        data: JSON.parse(JSON.stringify(data)),
      }),
    );
  await insertEvents(events);
  let counted = 0;
  await fc.assert(
    fc.asyncProperty(
      randomFilter({
        ...{ fields: fields.map((field) => ({ ...field, isDiffable: false })), operators: FIXED, depth: 2 },
      }),
      fc.constantFrom(...events),
      fc.integer({ min: 1, max: 14 }),
      async (filter, event, days) => {
        const history = [{ event: 'custom.x', within: `${days}d`, at_least: 1_000, filter }];
        const stored = {
          filters: { history } as unknown as JsonValue,
          settings: {},
          event: 'custom.x',
          version: 1,
        };
        const trigger = compileTrigger({ ...stored, id: uuidv7(), workflowId: uuidv7() }, types);
        const candidates = [{ event, triggers: [trigger] }];
        const [logged, pending] = await account.inTransaction(async (tx) => [
          await loadEventSubjects(tx, candidates),
          await loadEventSubjects(tx, candidates, events),
        ]);

        const numberOf = (subjectOf: typeof logged) =>
          Object.values((subjectOf?.(event)?.document[HISTORY] ?? {}) as Record<string, number>);
        expect(numberOf(logged)).toEqual(numberOf(pending));
        expect(numberOf(logged)).toHaveLength(1);
        counted += numberOf(logged)[0] ?? 0;
      },
    ),
    { numRuns: FILTERS, seed: SEED },
  );
  expect(counted).toBeGreaterThan(FILTERS);
});

async function insertEvents(events: readonly AcceptedEvent[]) {
  const rows = events.map((each) => ({
    ...{
      id: each.id,
      type: each.type,
      user_id: each.userId,
      data: each.data,
      sequence: String(each.sequence),
    },
    occurred_at: instantToText(each.occurredAt),
  }));
  await account.rows(sql`
    insert into events (account_id, id, type, user_id, occurred_at, recorded_at, sequence, position, actor, data,
      root_event_id, evaluated_at)
    select ${account.accountId}, id, type, user_id, occurred_at, occurred_at, sequence, 0, 'SYSTEM', data, id, now()
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(id uuid, type text, user_id uuid, occurred_at timestamptz, sequence bigint, data jsonb)`);
}
