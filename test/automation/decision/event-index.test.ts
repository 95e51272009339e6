/** The candidate triggers of an event. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { type CompiledTrigger, compileTrigger } from '../../../src/automation/decision/compile-trigger.ts';
import { createEventIndex } from '../../../src/automation/decision/event-index.ts';
import { createAccountTypes } from '../../../src/automation/event-types/account-types.ts';
import type { JsonObject, JsonValue } from '../../../src/filters/filter.ts';
import { allOf } from '../evaluation/automated-account.ts';

const TYPES = createAccountTypes([], []);

function trigger(fixture: {
  event?: string;
  filters?: unknown;
  settings?: JsonObject;
  id?: string;
}): CompiledTrigger {
  const { event = 'session_completed', filters = {}, settings = {}, id = uuidv7() } = fixture;
  const stored = { id, workflowId: uuidv7(), event, version: 1, filters: filters as JsonValue, settings };
  return compileTrigger(stored, TYPES);
}

function week(number: number): unknown {
  return allOf({ field: 'week_number', operator: 'equals', value: number });
}

/** An index that rules out all triggers that it can. */
function createIndex(...triggers: CompiledTrigger[]) {
  const index = createEventIndex(0);
  for (const each of triggers) {
    index.add(each);
  }
  return index;
}

describe('candidates', () => {
  test('are the triggers that the event’s fields do not rule out', () => {
    const [second, third, any] = [trigger({ filters: week(2) }), trigger({ filters: week(3) }), trigger({})];
    const index = createIndex(second, third, any);

    expect(new Set(index.candidates({ week_number: 3 }))).toEqual(new Set([third, any]));
    expect(index.candidates({ week_number: '3.0' })).toContain(third);
    expect(index.candidates({})).toEqual([any]);
  });

  test('are found by each value of an `in` condition', () => {
    const either = trigger({ filters: allOf({ field: 'week_number', operator: 'in', value: [2, 3] }) });
    const index = createIndex(either);

    expect([1, 2, 3].map((number) => index.candidates({ week_number: number }).length)).toEqual([0, 1, 1]);
  });

  test('are the triggers whose configuration the event satisfies', () => {
    const vip = trigger({ event: 'tag_added', settings: { configuration: { tag: 'vip' } } });
    const pro = trigger({ event: 'tag_added', settings: { configuration: { tag: 'pro' } } });

    for (const index of [createIndex(vip, pro), createEventIndexWith(100, vip, pro)]) {
      expect(index.candidates({ tag: 'vip' })).toEqual([vip]);
      expect(index.candidates({ tag: 'VIP' })).toEqual([]);
    }
  });

  test('are all triggers whose configuration fits, up to explainedTriggers', () => {
    const triggers = [trigger({ filters: week(2) }), trigger({ filters: week(3) })];

    expect(createEventIndexWith(2, ...triggers).candidates({ week_number: 3 })).toHaveLength(2);
    expect(createEventIndexWith(1, ...triggers).candidates({ week_number: 3 })).toHaveLength(1);
  });

  test('include unreadable triggers for every event', () => {
    const damaged = trigger({ filters: { logic: 'XOR' } });

    expect(createIndex(damaged, trigger({ filters: week(2) })).candidates({ week_number: 3 })).toEqual([
      damaged,
    ]);
    expect(damaged.rule).toMatchObject({ problem: expect.stringContaining('filter.logic') });
  });

  test('are sorted by priority, then by id', () => {
    const make = (id: string, priority: number) =>
      trigger({ id: `0190000${id}-0000-7000-8000-000000000000`, settings: { priority } });
    const [low, high, first, second] = [make('1', 0), make('2', 9), make('3', 5), make('4', 5)];
    const order = [high, first, second, low];

    expect(createIndex(second, low, first, high).candidates({})).toEqual(order);
    expect(createEventIndexWith(9, second, low, first, high).candidates({})).toEqual(order);
  });

  test('do not include removed triggers, indexed or not', () => {
    const [third, other, any] = [trigger({ filters: week(3) }), trigger({ filters: week(3) }), trigger({})];
    const index = createIndex(third, other, any);
    index.remove(third);
    index.remove(any);

    expect(index.candidates({ week_number: 3 })).toEqual([other]);
    expect(index.size).toBe(1);
  });
});

function createEventIndexWith(explainedTriggers: number, ...triggers: CompiledTrigger[]) {
  const index = createEventIndex(explainedTriggers);
  for (const each of triggers) {
    index.add(each);
  }
  return index;
}
