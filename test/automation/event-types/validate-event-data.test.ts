/** What an event may say: fields of its type, as their types are, and not too much. */
import { describe, expect, test } from 'vitest';
import { customEventType } from '../../../src/automation/event-types/account-types.ts';
import type { EventType } from '../../../src/automation/event-types/event-type.ts';
import { builtInEventType } from '../../../src/automation/event-types/event-types.ts';
import { validateEventData } from '../../../src/automation/event-types/validate-event-data.ts';
import { FIELD_TYPES, type FieldType, type JsonObject } from '../../../src/filters/filter.ts';

const LIMITS = { eventBytes: 1000, eventDepth: 4 };

function typeOf(name: string): EventType {
  const type = builtInEventType(name);
  if (!type) {
    throw new TypeError(`there is no event ${name}`);
  }
  return type;
}

function fieldsOf(type: EventType, data: JsonObject, previous: JsonObject | null = null): string[] {
  return validateEventData(type, { data, previous }, LIMITS).map(({ field }) => field);
}

/** An event with a field `a` of the type. */
function having(type: FieldType): EventType {
  const fields = [{ name: 'a', type, description: '', isPersonal: false }];
  return customEventType({ slug: 'x', description: '', fields, sample: {} });
}

describe('a field', () => {
  const values: Readonly<Record<FieldType, { right: unknown[]; wrong: unknown[] }>> = {
    string: { right: ['', 'text', '0'], wrong: [0, true, [], {}, ['text']] },
    id: {
      right: ['01900000-0000-7000-8000-00000000a001', '01900000-0000-7000-8000-00000000A001'],
      wrong: ['', 'x', '01900000-0000-7000-8000-00000000a00', 1],
    },
    bool: { right: [true, false], wrong: ['true', 0, ''] },
    int: { right: [0, -3, '12', 1e21, '5.0', '1'.repeat(100)], wrong: [1.5, '1.5', '', 'x', '1e3', true] },
    decimal: { right: [0, 1.5, '102.50', '-0.1'], wrong: ['', '1,5', '+1', '1e3', ' 1', 1e100, [1]] },
    date: { right: ['2024-02-29', '0001-01-01'], wrong: ['2023-02-29', '2026-3-1', '', 20260301] },
    timestamp: {
      right: ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.123456789+14:00'],
      wrong: ['2026-03-01', '2026-03-01 10:00:00Z', '2026-03-01T24:00:00Z', '2026-03-01T10:00:00', 0],
    },
    list: { right: [[], ['a', 1, true]], wrong: ['a', {}, [['a']], [null], [{}]] },
  };

  test.each(FIELD_TYPES)('of the type %s is absent, or such a value', (type) => {
    const { right, wrong } = values[type];
    expect(fieldsOf(having(type), {})).toEqual([]);
    for (const value of [null, ...right]) {
      expect(fieldsOf(having(type), { a: value } as JsonObject), JSON.stringify(value)).toEqual([]);
    }
    for (const value of wrong) {
      expect(fieldsOf(having(type), { a: value } as JsonObject), JSON.stringify(value)).toEqual(['data.a']);
    }
  });

  test('that triggers require as configuration is required', () => {
    expect(fieldsOf(typeOf('tag_added'), {})).toEqual(['data.tag']);
    expect(fieldsOf(typeOf('tag_added'), { tag: null })).toEqual(['data.tag']);
    expect(fieldsOf(typeOf('tag_added'), { tag: 'vip' })).toEqual([]);
  });

  test('that the type does not have is refused, also for the account’s own events', () => {
    expect(fieldsOf(typeOf('deal_won'), { amuont: 5, amount: 5 })).toEqual(['data.amuont']);
    expect(fieldsOf(having('int'), { b: null, c: 1 })).toEqual(['data.c']);
  });

  test('has no character that PostgreSQL cannot store, neither in its value nor in its name', () => {
    const type = having('string');
    expect(fieldsOf(type, { a: 'a\0b' })).toEqual(['data.a']);
    expect(fieldsOf(type, { a: '\ud800' })).toEqual(['data.a']);
    expect(fieldsOf(type, { 'b\0': 'x' })).toEqual(['data']);
    expect(fieldsOf(type, { a: '🏋' })).toEqual([]);
  });
});

describe('answers', () => {
  const type = typeOf('form_submitted');

  test('are an object with any fields', () => {
    const answers = { goal: 'stronger', weight: '80.5', kilometres: [1, 2], more: { deep: null } };
    expect(fieldsOf(type, { form_id: 'f', answers })).toEqual([]);
    expect(fieldsOf(typeOf('appointment_booked'), { answers })).toEqual([]);
    expect(fieldsOf(type, { form_id: 'f', answers: ['goal'] })).toEqual(['data.answers']);
  });

  test('have only values that JSON can represent', () => {
    for (const value of ['a\0', Number.NaN, Number.POSITIVE_INFINITY, ['\udfff'], { 'x\0': 1 }]) {
      const answers = { goal: value } as JsonObject;
      expect(fieldsOf(type, { form_id: 'f', answers })).toEqual(['data.answers']);
    }
  });

  test('have a limited depth', () => {
    expect(fieldsOf(type, { form_id: 'f', answers: { a: { b: [] } } })).toEqual([]);
    expect(fieldsOf(type, { form_id: 'f', answers: { a: { b: ['c'] } } })).toEqual([]);
    expect(fieldsOf(type, { form_id: 'f', answers: { a: { b: [['c']] } } })).toEqual(['data.answers']);
  });

  test('are not part of the state before', () => {
    const stage = { pipeline_id: 'p', stage: 'trial' };
    expect(fieldsOf(typeOf('stage_changed'), stage, { answers: {} })).toEqual(['previous.answers']);
  });
});

describe('the state before', () => {
  test('has the same fields', () => {
    const type = typeOf('stage_changed');
    const data = { pipeline_id: 'p', stage: 'trial' };
    expect(fieldsOf(type, data, { stage: 'lead' })).toEqual([]);
    expect(fieldsOf(type, data, {})).toEqual([]);
    expect(fieldsOf(type, data, { stage: 1, step: 'lead' })).toEqual(['previous.stage', 'previous.step']);
  });

  test('is allowed only for event types that have one', () => {
    expect(fieldsOf(typeOf('tag_added'), { tag: 'vip' }, { tag: 'new' })).toEqual(['previous']);
    expect(fieldsOf(having('int'), {}, {})).toEqual(['previous']);
  });
});

test('the data have a limited size, in bytes', () => {
  const type = typeOf('stage_changed');
  const space =
    LIMITS.eventBytes - JSON.stringify({ data: { pipeline_id: '' }, previous: { stage: '' } }).length;
  const half = '€'.repeat(Math.floor(space / 6));
  const rest = 'x'.repeat(space - 3 * half.length);
  expect(fieldsOf(type, { pipeline_id: half }, { stage: rest })).toEqual([]);
  expect(fieldsOf(type, { pipeline_id: half }, { stage: `${rest}x` })).toEqual(['data']);
});

test('all violations are reported at once, with what is allowed', () => {
  const data = { amount: '1,5', starts_on: 'x', currency: 3 };
  expect(validateEventData(typeOf('payment_received'), { data, previous: {} }, LIMITS)).toEqual([
    {
      field: 'data.amount',
      description: 'must be a decimal number, as a number or as text without an exponent; was "1,5"',
    },
    { field: 'data.starts_on', description: 'is no field of payment_received' },
    { field: 'data.currency', description: 'must be a text; was 3' },
    { field: 'previous', description: 'must be absent: payment_received has no state before' },
  ]);
});
