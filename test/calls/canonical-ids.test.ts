import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { canonicalizeIds } from '../../src/calls/canonical-ids.ts';
import { CopyProgramRequestSchema } from '../../src/gen/progression/v1/program_service_pb.ts';
import {
  BatchHandleTriggersRequestSchema,
  HandleSessionCompleteRequestSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';

const UPPER = '0199AAAA-0000-7000-8000-0000000000FF';
const LOWER = '0199aaaa-0000-7000-8000-0000000000ff';

function sessionComplete() {
  const session = { sessionId: UPPER, daySlug: 'Day-A', weekNumber: 1, liftsPerformed: [UPPER, LOWER] };
  return { userId: UPPER, session };
}

test('ids in fields, nested messages and lists are put into lower case; other texts stay', () => {
  const message = create(HandleSessionCompleteRequestSchema, sessionComplete());

  canonicalizeIds(HandleSessionCompleteRequestSchema, message);

  expect(message.userId).toBe(LOWER);
  expect(message.session?.sessionId).toBe(LOWER);
  expect(message.session?.liftsPerformed).toEqual([LOWER, LOWER]);
  expect(message.session?.daySlug).toBe('Day-A');
});

test('ids inside a oneof of messages are put into lower case', () => {
  const event = {
    case: 'sessionComplete' as const,
    value: create(HandleSessionCompleteRequestSchema, sessionComplete()),
  };
  const message = create(BatchHandleTriggersRequestSchema, { triggers: [{ requestId: UPPER, event }] });

  canonicalizeIds(BatchHandleTriggersRequestSchema, message);

  expect(message.triggers[0]?.requestId).toBe(LOWER);
  expect(event.value.userId).toBe(LOWER);
});

test('only the chosen member of a oneof is changed', () => {
  const byId = create(CopyProgramRequestSchema, { from: { case: 'programId', value: UPPER } });
  const bySlug = create(CopyProgramRequestSchema, { from: { case: 'catalogSlug', value: 'gzclp-lb' } });

  canonicalizeIds(CopyProgramRequestSchema, byId);
  canonicalizeIds(CopyProgramRequestSchema, bySlug);

  expect(byId.from.value).toBe(LOWER);
  expect(bySlug.from.value).toBe('gzclp-lb');
});

test('a message without its optional parts is left as it is', () => {
  const message = create(HandleSessionCompleteRequestSchema, { userId: UPPER });

  canonicalizeIds(HandleSessionCompleteRequestSchema, message);

  expect(message).toEqual(create(HandleSessionCompleteRequestSchema, { userId: LOWER }));
});
