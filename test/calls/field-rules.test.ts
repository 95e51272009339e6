/** Rules of the .proto files in words: what is allowed and what was sent, never a pattern or a number of an enum. */
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { allowedValue } from '../../src/calls/field-rules.ts';
import { violationsOf } from '../../src/calls/message-validation.ts';
import { ListEventsRequestSchema } from '../../src/gen/automation/v1/event_service_pb.ts';
import {
  BoundsSchema,
  DeloadOnFailureSchema,
  LinearProgressionSchema,
  UnenrollUserRequestSchema,
  UpdateProgramProgressionRequestSchema,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import {
  LogSetsRequestSchema,
  PerformedSetSchema,
  SessionSchema,
  SimulateProgressionsRequestSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { CreateUserRequestSchema } from '../../src/gen/progression/v1/user_service_pb.ts';
import { METHODS } from './api-server.ts';
import { placesOf } from './json-places.ts';

const ID = '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12';

function descriptionOf<D extends DescMessage>(schema: D, init: MessageInitShape<D>, field: string) {
  const violations = violationsOf(schema, create(schema, init)).filter((each) => each.field === field);
  expect(violations).toHaveLength(1);
  return violations[0]?.description;
}

const DECIMAL = 'must be a decimal such as 142.5, at most 12 digits before and 6 after the point';

describe('a rule that is broken', () => {
  test('on decimals says how they are written', () => {
    expect(descriptionOf(PerformedSetSchema, { weight: '1e3' }, 'weight')).toBe(`${DECIMAL}; was "1e3"`);
    expect(descriptionOf(BoundsSchema, { maxValue: '1.'.padEnd(60, '0') }, 'max_value')).toBe(
      `${DECIMAL}; was "1.${'0'.repeat(38)}…"`,
    );
    const update = { programProgressionId: ID, overrideIncrement: 'two' };
    expect(descriptionOf(UpdateProgramProgressionRequestSchema, update, 'override_increment')).toBe(
      'must be a decimal such as 142.5 or -2.5, at most 12 digits before and 6 after the point, or empty; was "two"',
    );
  });

  test('on other texts says their form or their length', () => {
    expect(descriptionOf(PerformedSetSchema, { rpe: '11' }, 'rpe')).toBe(
      'must be from 0 to 10 with at most one digit after the point, such as 8.5; was "11"',
    );
    const born = { name: 'Alex', birthDate: '29.2.92' };
    expect(descriptionOf(CreateUserRequestSchema, born, 'birth_date')).toBe(
      'must be a date such as 1992-02-29; was "29.2.92"',
    );
    expect(descriptionOf(ListEventsRequestSchema, { type: 'x'.repeat(101) }, 'type')).toBe(
      `must have at most 100 characters; was "${'x'.repeat(40)}…"`,
    );
  });

  test('on enums names the values as they are sent', () => {
    expect(descriptionOf(LinearProgressionSchema, {}, 'trigger_type')).toBe(
      'must be TRIGGER_TYPE_AFTER_SESSION or TRIGGER_TYPE_AFTER_WEEK; was not given',
    );
    expect(descriptionOf(UnenrollUserRequestSchema, { userId: ID, status: 1 }, 'status')).toBe(
      'must be ENROLLMENT_STATUS_PAUSED, ENROLLMENT_STATUS_QUIT or ENROLLMENT_STATUS_COMPLETED; ' +
        'was ENROLLMENT_STATUS_ACTIVE',
    );
    expect(descriptionOf(DeloadOnFailureSchema, { countBy: 9 as 1 }, 'count_by')).toBe(
      'must be COUNT_BY_SET or COUNT_BY_SESSION; was 9',
    );
  });

  test('on numbers, lists and required fields says so', () => {
    expect(descriptionOf(SessionSchema, { weekNumber: 0 }, 'week_number')).toBe(
      'must be a whole number from 1 to 10000; was 0',
    );
    expect(descriptionOf(LogSetsRequestSchema, {}, 'sets')).toBe('must have 1 to 200 elements; has 0');
    expect(descriptionOf(SessionSchema, { liftsPerformed: [ID, ID] }, 'lifts_performed')).toBe(
      'must not have the same element twice',
    );
    expect(descriptionOf(PerformedSetSchema, {}, 'target_reps')).toBe('is required');
    expect(descriptionOf(SimulateProgressionsRequestSchema, { userId: ID }, 'horizon')).toBe(
      'is required: one of weeks or cycles',
    );
  });
});

test('a set without repetitions is valid when it says 0', () => {
  const set = { liftId: ID, setNumber: 1, kind: 2 as const, weight: '60', targetReps: 0, repsPerformed: 0 };
  expect(violationsOf(PerformedSetSchema, create(PerformedSetSchema, set))).toEqual([]);
});

test('every rule of every request has a sentence', () => {
  const fields = METHODS.flatMap(({ input }) => placesOf(input)).flatMap(({ message }) => message.fields);
  expect(fields.length).toBeGreaterThan(300);
  for (const field of fields) {
    expect(() => allowedValue(field), `${field}`).not.toThrow();
  }
});
