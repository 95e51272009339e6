/** U+0000 in any text of any request is refused, in JSON and in binary. */
import { create, type DescMessage, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { nulCharacters } from '../../src/calls/nul-characters.ts';
import {
  ListEventsRequestSchema,
  PublishEventsRequestSchema,
} from '../../src/gen/automation/v1/event_service_pb.ts';
import {
  ConfigureTriggerRequestSchema,
  TestTriggerRequestSchema,
} from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { CreateWorkflowRequestSchema } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { METHODS, pathOf, startApiServer } from './api-server.ts';
import { UNARY_JSON } from './json-calls.ts';
import { placesOf } from './json-places.ts';

function pathsIn(schema: DescMessage, json: unknown): string[] {
  return nulCharacters(schema, fromJson(schema, json as JsonValue)).map(({ field }) => field);
}

describe('the paths', () => {
  test('lead through lists, maps, oneofs and JSON', () => {
    const trigger = {
      triggerEvent: 'a\0',
      filter: { groups: [{}, { conditions: [{ field: '\0', value: ['a', { b: '\0' }] }] }] },
      settings: { configuration: { tag: '\0', 'x\0': 'y' }, time: { recurringSchedule: { cron: '\0' } } },
    };
    expect(pathsIn(ConfigureTriggerRequestSchema, { trigger })).toEqual([
      'trigger.trigger_event',
      'trigger.filter.groups[1].conditions[0].field',
      'trigger.filter.groups[1].conditions[0].value[1].b',
      'trigger.settings.configuration["tag"]',
      'trigger.settings.configuration["x\\u0000"]',
      'trigger.settings.time.recurring_schedule.cron',
    ]);
    expect(
      pathsIn(TestTriggerRequestSchema, { simulated: { data: { $typeName: '\0', 'k\0': [] } } }),
    ).toEqual(['simulated.data["$typeName"]', 'simulated.data["k\\u0000"]']);
    const actions = [{ addTag: { tag: 'fine' } }, { setAttribute: { field: 'custom.a', value: '\0' } }];
    expect(pathsIn(CreateWorkflowRequestSchema, { actions })).toEqual(['actions[1].set_attribute.value']);
  });

  test('do not lead into lists whose elements are answered one by one', () => {
    expect(pathsIn(PublishEventsRequestSchema, { events: [{ id: '\0' }] })).toEqual([]);
  });
});

const TEXTS = METHODS.flatMap((method) =>
  placesOf(method.input).flatMap((place) =>
    place.message.fields
      .filter(({ fieldKind, scalar }) => fieldKind === 'scalar' && scalar === 9)
      .map((field) => ({ method, place, field })),
  ),
);

test('every text of every request is checked, except those that are answered one by one', () => {
  expect(TEXTS.length).toBeGreaterThan(200);
  for (const { method, place, field } of TEXTS) {
    const json = place.within({ [field.jsonName]: 'a\0' });
    const path = place.path === '' ? field.name : `${place.path}.${field.name}`;
    const isAlone = /^(triggers|events|lift_maxes)\[1\]/.test(path);
    expect(pathsIn(method.input, json), `${pathOf(method)} ${path}`).toEqual(isAlone ? [] : [path]);
  }
});

describe('ListEvents with U+0000 in the type', () => {
  const LIST_EVENTS = 'automation.v1.EventService/ListEvents';

  test.each(Object.entries(UNARY_JSON))('is refused: %s', async (_, call) => {
    const { url } = await startApiServer();
    expect(await call(url, LIST_EVENTS, '{"type":"a\\u0000"}')).toMatchObject({
      code: 'invalid_argument',
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'type', description: 'must not have the character U+0000' }],
    });
  });

  test('is refused in binary', async () => {
    const { url } = await startApiServer();
    const response = await fetch(`${url}/${LIST_EVENTS}`, {
      method: 'POST',
      headers: { 'content-type': 'application/proto' },
      body: new Uint8Array(
        toBinary(ListEventsRequestSchema, create(ListEventsRequestSchema, { type: 'a\0' })),
      ),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: 'type: must not have the character U+0000' });
  });
});
