/** Errors on their way to the wire: codes, details, and what must not get out. */
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { reasonOf, toConnectError } from '../../src/calls/error-status.ts';
import { DomainError, invalidFields, type Reason } from '../../src/errors/domain-error.ts';
import { ERROR_TABLE } from '../../src/errors/error-table.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '../../src/gen/google/rpc/error_details_pb.ts';

/** The details as they were attached, by message name. */
function detailsOf(error: ConnectError): Record<string, unknown> {
  return Object.fromEntries(
    error.details.map((detail) =>
      'desc' in detail ? [detail.desc.name, detail.value] : [detail.type, null],
    ),
  );
}

describe('an error of the domain', () => {
  test.each(Object.keys(ERROR_TABLE) as Reason[])('%s has its code and its ErrorInfo', (reason) => {
    const error = toConnectError(new DomainError(reason, 'no', { metadata: { userId: '7' } }));
    const metadata = reason === 'INTERNAL' ? {} : { userId: '7' };
    expect(error.code).toBe(ERROR_TABLE[reason].code);
    expect(detailsOf(error)).toMatchObject({
      [ErrorInfoSchema.name]: { reason, domain: 'progression-service', metadata },
    });
  });

  test('carries its violations as BadRequest', () => {
    const violations = [
      { field: 'user_id', description: 'must be a valid UUID' },
      { field: 'session.lifts_performed[2]', description: 'must be a valid UUID' },
    ];
    const details = detailsOf(toConnectError(invalidFields(violations)));
    expect(details[BadRequestSchema.name]).toEqual({ fieldViolations: violations });
  });

  test('carries the delay of its reason as RetryInfo, and none when no other try would help', () => {
    const retryable = detailsOf(toConnectError(new DomainError('CONCURRENT_UPDATE', 'in the way')));
    expect(retryable[RetryInfoSchema.name]).toMatchObject({ retryDelay: { seconds: 0n, nanos: 50_000_000 } });
    const lasting = detailsOf(toConnectError(new DomainError('USER_NOT_FOUND', 'no such user')));
    expect(lasting).not.toHaveProperty(RetryInfoSchema.name);
  });

  test('stays small enough for headers, however many fields are wrong', () => {
    const violations = Array.from({ length: 1000 }, (_, i) => ({
      field: `sets[${i}].weight`,
      description: 'does not match regex pattern `^[0-9]{1,12}(\\.[0-9]{1,6})?$`',
    }));
    const error = toConnectError(invalidFields(violations));
    expect(error.rawMessage.length).toBeLessThan(600);
    expect(error.rawMessage).toContain('1000 fields');
    expect(detailsOf(error)[BadRequestSchema.name]).toEqual({ fieldViolations: violations.slice(0, 20) });
  });
});

describe('a defect', () => {
  test('says "internal error", and keeps what happened for the log', () => {
    const cause = new TypeError("insert into users (name) values ('Bob')");
    const error = toConnectError(cause);
    expect(error).toMatchObject({ code: Code.Internal, rawMessage: 'internal error', cause });
    expect(JSON.stringify([detailsOf(error), [...error.metadata]])).not.toContain('Bob');
  });
});

describe('an error of the RPC library', () => {
  test.each<[Code, Reason | undefined]>([
    [Code.InvalidArgument, 'VALIDATION_FAILED'],
    [Code.ResourceExhausted, 'MESSAGE_TOO_LARGE'],
    [Code.DeadlineExceeded, 'DEADLINE_EXCEEDED'],
    [Code.Canceled, 'CANCELLED'],
    [Code.Unimplemented, 'UNIMPLEMENTED'],
    [Code.NotFound, undefined],
  ])('with code %i keeps it and gets the reason %s', (code, reason) => {
    const error = toConnectError(new ConnectError('as it was', code));
    expect(error).toMatchObject({ code, rawMessage: 'as it was' });
    expect(detailsOf(error)).toEqual(
      reason ? { ErrorInfo: { reason, domain: 'progression-service', metadata: {} } } : {},
    );
    expect(reasonOf(error)).toBe(reason);
  });

  test('is described once', () => {
    const error = new ConnectError('too large', Code.ResourceExhausted);
    expect(toConnectError(toConnectError(error)).details).toHaveLength(1);
  });
});
