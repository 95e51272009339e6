/** The rules of the .proto files, and how a message that breaks them is described. */
import { create, type DescMessage } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { prepareValidation, requireValid, violationsOf } from '../../src/calls/message-validation.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import {
  HandleSessionCompleteRequestSchema,
  LogSetsRequestSchema,
  PerformedSetSchema,
  ProgressionService,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { CreateUserRequestSchema } from '../../src/gen/progression/v1/user_service_pb.ts';

const ID = '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12';

/** A set with this weight, as field paths of its violations. */
function violatedFieldsOfWeight(weight: string): string[] {
  const set = create(PerformedSetSchema, {
    ...{ liftId: ID, setNumber: 1, kind: 2, weight },
    ...{ targetReps: 5, repsPerformed: 0 },
  });
  return violationsOf(PerformedSetSchema, set).map(({ field }) => field);
}

describe('a message that breaks rules', () => {
  test('is described field by field, with indexes and every violation', () => {
    const request = create(HandleSessionCompleteRequestSchema, {
      userId: 'nobody',
      session: {
        sessionId: ID,
        daySlug: '',
        weekNumber: 0,
        liftsPerformed: [ID, ID.replace('e', 'f'), 'squat'],
      },
    });
    expect(violationsOf(HandleSessionCompleteRequestSchema, request)).toEqual([
      {
        field: 'user_id',
        description: 'must be a UUID, such as 0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12; was "nobody"',
      },
      { field: 'session.day_slug', description: 'must have 1 to 100 characters; was empty' },
      { field: 'session.week_number', description: 'must be a whole number from 1 to 10000; was 0' },
      {
        field: 'session.lifts_performed[2]',
        description: 'must be a UUID, such as 0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12; was "squat"',
      },
    ]);
  });

  test('is refused with every violation', () => {
    const request = create(CreateUserRequestSchema, { name: '' });
    const refuse = () => requireValid(CreateUserRequestSchema, request);
    expect(refuse).toThrow(DomainError);
    expect(refuse).toThrow('name: must have 1 to 200 characters; was empty');
  });
});

test('a valid message has no violations', () => {
  const request = create(CreateUserRequestSchema, { name: 'Alex' });
  expect(violationsOf(CreateUserRequestSchema, request)).toEqual([]);
  requireValid(CreateUserRequestSchema, request);
});

test('a list that is too long is a violation of the list', () => {
  const request = create(LogSetsRequestSchema, {
    userId: ID,
    sessionId: ID,
    sets: Array.from({ length: 201 }, (_, i) => ({
      liftId: ID,
      setNumber: i + 1,
      kind: 2 as const,
      weight: '20',
      targetReps: 5,
      repsPerformed: 5,
    })),
  });
  expect(violationsOf(LogSetsRequestSchema, request).map(({ field }) => field)).toEqual(['sets']);
});

test.each(['0', '100', '102.5', '999999999999.999999'])('%s is a weight', (weight) => {
  expect(violatedFieldsOfWeight(weight)).toEqual([]);
});

test.each(['', '-1', '1e3', '1.', '.5', '1.0000001', '1000000000000', 'NaN', '1 ', '1\n'])(
  '"%s" is no weight',
  (weight) => {
    expect(violatedFieldsOfWeight(weight)).toContain('weight');
  },
);

test('the plan of every request can be compiled', () => {
  const requests: DescMessage[] = ProgressionService.methods.map((method) => method.input);
  expect(requests.length).toBeGreaterThan(10);
  prepareValidation(requests);
});
