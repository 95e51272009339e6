/** The table of reasons against the list of reasons, and the forms in which it reaches a caller. */
import { readFileSync } from 'node:fs';
import { Code } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { DomainError, invalidFields } from '../../src/errors/domain-error.ts';
import { ERROR_TABLE, isDefect, toBatchError, toRefusal } from '../../src/errors/error-table.ts';

/** The union exists at compile time only, so its members are read from the source. */
function reasonsOfUnion(): string[] {
  const source = readFileSync(new URL('../../src/errors/domain-error.ts', import.meta.url), 'utf8');
  const union = source.slice(source.indexOf('export type Reason'), source.indexOf('export interface'));
  return [...union.matchAll(/\| '([A-Z_]+)'/g)].map(([, reason]) => `${reason}`);
}

describe('the error table', () => {
  test('has a row for each reason, and no other', () => {
    expect(Object.keys(ERROR_TABLE).sort()).toEqual(reasonsOfUnion().sort());
  });

  test('names codes by the numbers that gRPC gives them', () => {
    const codes = Object.fromEntries(Object.entries(ERROR_TABLE).map(([k, { code }]) => [k, Code[code]]));
    expect(codes).toMatchObject({
      VALIDATION_FAILED: 'InvalidArgument',
      MESSAGE_TOO_LARGE: 'ResourceExhausted',
      UNAUTHENTICATED: 'Unauthenticated',
      PERMISSION_DENIED: 'PermissionDenied',
      USER_NOT_FOUND: 'NotFound',
      REQUEST_ID_REUSED: 'AlreadyExists',
      NOT_ENROLLED: 'FailedPrecondition',
      VALUE_OUT_OF_RANGE: 'OutOfRange',
      CONCURRENT_UPDATE: 'Aborted',
      OVERLOADED: 'Unavailable',
      DEADLINE_EXCEEDED: 'DeadlineExceeded',
      CANCELLED: 'Canceled',
      UNIMPLEMENTED: 'Unimplemented',
      INTERNAL: 'Internal',
    });
  });

  test('has a retry delay exactly where a retry may succeed', () => {
    const retryable = Object.entries(ERROR_TABLE).filter(([, row]) => row.retryDelayMs !== null);
    expect(retryable.map(([reason]) => reason).sort()).toEqual([
      'CONCURRENT_UPDATE',
      'DATABASE_UNAVAILABLE',
      'EVALUATION_BEHIND',
      'KEYS_UNAVAILABLE',
      'OVERLOADED',
      'RATE_LIMITED',
      'SHUTTING_DOWN',
    ]);
  });
});

describe('an error of an element of a batch', () => {
  test('equals the error of the single method', () => {
    const error = invalidFields([{ field: 'sets[0].weight', description: 'must be a decimal' }]);
    expect(toBatchError(error)).toEqual({
      code: Code.InvalidArgument,
      reason: 'VALIDATION_FAILED',
      message: 'sets[0].weight: must be a decimal',
      metadata: {},
      fieldViolations: [{ field: 'sets[0].weight', description: 'must be a decimal' }],
      retryable: false,
    });
  });

  test('keeps metadata, and has the retry delay', () => {
    const error = new DomainError('OVERLOADED', 'too many events wait', { metadata: { queue: 'full' } });
    expect(toBatchError(error)).toMatchObject({
      code: Code.Unavailable,
      metadata: { queue: 'full' },
      retryable: true,
    });
  });

  test.each([
    ['an Error', new Error('insert into users values (1)')],
    ['something that is no error', 'select 1'],
    ['a refusal that calls itself a defect', new DomainError('INTERNAL', 'row 17 is broken')],
  ])('says only "internal error" for %s', (_, error) => {
    expect(isDefect(error)).toBe(true);
    expect(toBatchError(error)).toEqual({
      code: Code.Internal,
      reason: 'INTERNAL',
      message: 'internal error',
      metadata: {},
      fieldViolations: [],
      retryable: false,
    });
    expect(toRefusal(error).cause).toBe(error);
  });
});
