/** Fields of events that their type does not know, and fields that an account gives to built-in events. */
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import { createAccountTypes } from '../../../src/automation/event-types/account-types.ts';
import { builtInEventType } from '../../../src/automation/event-types/event-types.ts';
import { compileFilter } from '../../../src/filters/compile-filter.ts';
import type { JsonObject, JsonValue } from '../../../src/filters/filter.ts';
import { PublishOutcome } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { FieldType } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { and, condition, eventInput } from '../../filters/field-fixtures.ts';
import {
  type AutomationClient,
  createAutomationClient,
  createWorkflow,
  jsonValue,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  createAutomatedAccount,
  evaluateAll,
  loggedReasons,
  NOON,
} from './automated-account.ts';

const db = useTestDatabase();
let account: AutomatedAccount;
let client: AutomationClient;
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  client = createAutomationClient(db.database, { accountId: account.accountId, clock: () => NOON });
});

function publish(userId: string, data: JsonObject) {
  const event = { id: uuidv7(), type: 'payment_received', userId, data: data as never };
  return client.events.publishEvents({ events: [event] });
}

async function activate(field: string, operator: string, value: JsonValue) {
  const workflow = await createWorkflow(client, {
    trigger: {
      triggerEvent: 'payment_received',
      filter: { conditions: [{ field, operator, value: jsonValue(value as never) }] },
      settings: { policy: 3 },
    },
  });
  await client.workflows.activateWorkflow({ workflowId: workflow.id });
  return present(workflow.trigger).id;
}

test('a published event keeps what its type does not know, and a workflow starts by it', async () => {
  await activate('data.utm.source', 'equals', 'newsletter');
  const userId = await account.addAthlete();

  const { results } = await publish(userId, { amount: '20', utm: { source: 'newsletter' } });
  expect(results).toMatchObject([{ outcome: PublishOutcome.ACCEPTED }]);
  await publish(userId, { amount: '20', utm: { source: 'search' } });
  await publish(userId, { amount: '20', utm: 'newsletter' });
  await evaluateAll(account);

  expect(await loggedReasons(account)).toEqual(['ENROLLED']);
  const { events } = await client.events.listEvents({});
  expect(events.map(({ data }) => data?.utm)).toContainEqual({ source: 'newsletter' });
});

const CATALOGUE = createAccountTypes([], []).fieldCatalogue(
  builtInEventType('payment_received') ?? expect.fail(),
);

describe('a condition on further data', () => {
  test.each<[string, JsonValue | undefined, JsonValue, boolean]>([
    ['equals', 5, 5, true],
    ['equals', 5, '5.0', true],
    ['equals', '5', 5, false],
    ['equals', 'five', 'five', true],
    ['equals', true, true, true],
    ['equals', true, 'true', false],
    ['in', [1, 2], 2, true],
    ['not_equals', 'a', 5, true],
    ['greater_than', 4, 5, true],
    ['greater_than', 4, 'five', false],
    ['starts_with', 'fi', 'five', true],
    ['contains_any', ['a'], ['a', 'b'], true],
    ['size', 2, ['a', 'b'], true],
    ['before', '2026-03-01T00:00:00Z', '2026-02-01T00:00:00Z', true],
    ['in_last', '7d', '2026-11-25T00:00:00Z', true],
    ['exists', undefined, 0, true],
    ['exists', undefined, {}, true],
    ['exists', undefined, null, false],
    ['is_empty', undefined, '', true],
    ['is_empty', undefined, [], true],
    ['is_empty', undefined, false, false],
  ])('%s %j reads %j: %s', (operator, value, actual, verdict) => {
    const { matches } = compileFilter(and(condition('data.x', operator, value)), CATALOGUE);
    expect(matches(eventInput({ x: actual }))).toBe(verdict);
  });

  test('names no field of the type twice, and only published events have them', () => {
    expect(CATALOGUE.resolve('data.amount')).toMatchObject({ type: 'decimal', path: ['amount'] });
    expect(CATALOGUE.resolve('data.x')).toMatchObject({ isUntyped: true, isPersonal: true });
    for (const name of ['data.', 'data.a.b.c.d.e.f', 'data.a-b', 'data..a', 'x', 'athlete.data.x']) {
      expect(CATALOGUE.resolve(name), name).toBeUndefined();
    }
    const logged = createAccountTypes([], []).fieldCatalogue(builtInEventType('set_logged') ?? expect.fail());
    expect(logged.resolve('data.x')).toBeUndefined();
  });
});

describe('a field that the account gives to a built-in event', () => {
  const field = { path: 'payment_received.plan', type: FieldType.STRING, description: 'The plan.' };

  test('is listed with the event, checked when published, and read by its name', async () => {
    await client.triggers.defineField({ field });
    await activate('plan', 'equals', 'gold');
    const userId = await account.addAthlete();

    const { results } = await publish(userId, { plan: 5 });
    expect(results[0]?.error?.fieldViolations).toMatchObject([{ field: 'data.plan' }]);
    await publish(userId, { plan: 'gold' });
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual(['ENROLLED']);
    const { eventTypes } = await client.triggers.listEventTypes({ category: 'payment' });
    const paid = eventTypes.find(({ name }) => name === 'payment_received');
    expect(paid?.fields.at(-1)).toMatchObject({
      name: 'plan',
      type: FieldType.STRING,
      description: 'The plan.',
    });
    expect((await client.triggers.listFields({})).fields.map(({ path }) => path)).toContain(field.path);
  });

  test.each([
    ['of an event of the service', 'set_logged.plan'],
    ['that the event has', 'payment_received.amount'],
    ['with capitals', 'payment_received.Plan'],
    ['of an unknown event', 'nothing_happened.plan'],
    ['named answers', 'payment_received.answers'],
  ])('%s is refused', async (_, path) => {
    await expectRefusal(client.triggers.defineField({ field: { ...field, path } }), 'VALIDATION_FAILED', [
      'field.path',
    ]);
  });
});
