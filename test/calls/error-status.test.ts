/** Errors on the wire: codes, details, and what must not be sent. */
import { Code, ConnectError } from '@connectrpc/connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { describe, expect, test } from 'vitest';
import { addCallId, reasonOf, toConnectError } from '../../src/calls/error-status.ts';
import { DomainError, invalidFields, type Reason } from '../../src/errors/domain-error.ts';
import { ERROR_TABLE } from '../../src/errors/error-table.ts';
import {
  type BadRequest,
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

  test('carries the delay of its reason as RetryInfo, and none when a retry cannot help', () => {
    const retryable = detailsOf(toConnectError(new DomainError('CONCURRENT_UPDATE', 'in the way')));
    expect(retryable[RetryInfoSchema.name]).toMatchObject({ retryDelay: { seconds: 0n, nanos: 50_000_000 } });
    const lasting = detailsOf(toConnectError(new DomainError('USER_NOT_FOUND', 'no such user')));
    expect(lasting).not.toHaveProperty(RetryInfoSchema.name);
  });

  test('names the first violations, and counts those that do not fit', () => {
    const violations = Array.from({ length: 57 }, (_, i) => ({
      field: `sets[${i}].weight`,
      description: 'must be a decimal such as 142.5; was empty',
    }));
    const error = toConnectError(invalidFields(violations));
    const { fieldViolations = [] } = detailsOf(error)[BadRequestSchema.name] as BadRequest;
    expect(fieldViolations.length).toBeGreaterThan(20);
    expect(fieldViolations).toEqual(violations.slice(0, fieldViolations.length));
    expect(detailsOf(error)[ErrorInfoSchema.name]).toMatchObject({
      metadata: { moreViolations: `${57 - fieldViolations.length}` },
    });
    const [, more] = /; and (\d+) more$/.exec(error.rawMessage) ?? [];
    const named = error.rawMessage.match(/sets\[\d+\]/g) ?? [];
    expect(named.length + Number(more)).toBe(57);
  });

  test('counts those that were not described either', () => {
    const error = toConnectError(invalidFields([{ field: 'name', description: 'is required' }], 37));
    expect(error.rawMessage).toBe('name: is required; and 37 more');
    expect(detailsOf(error)[ErrorInfoSchema.name]).toMatchObject({ metadata: { moreViolations: '37' } });
  });

  const LONG = '\u{1f3cb}“ %\ud800'.repeat(3000);
  test.each<[string, DomainError]>([
    ['many violations', invalidFields(Array(1000).fill({ field: `sets["${LONG}"]`, description: LONG }))],
    ['one long violation', invalidFields([{ field: LONG, description: LONG }])],
    ['a long message', new DomainError('USER_NOT_FOUND', LONG)],
    [
      'long metadata',
      new DomainError('TRIGGER_LOOP', LONG, {
        metadata: Object.fromEntries([
          ['path', LONG],
          ['b', LONG],
        ]),
      }),
    ],
    [
      'a delay beside',
      new DomainError('RATE_LIMITED', LONG, { metadata: { quota: LONG }, retryDelayMs: 12_345_678 }),
    ],
  ])('takes less than 6 KiB of trailers with %s', (_, refusal) => {
    const error = addCallId(toConnectError(refusal), 'f'.repeat(64));
    const trailers = setTrailerStatus(new Headers(), error);
    const bytes = [...trailers].reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    expect(bytes).toBeLessThan(6 * 1024);
    expect(trailers.get('grpc-message')?.length).toBeGreaterThan(100);
  });

  test('of the RPC library, which may repeat a header, takes less too', () => {
    const error = toConnectError(new ConnectError(`unknown compression "${LONG}"`, Code.Unimplemented));
    const trailers = setTrailerStatus(new Headers(), error);
    expect(`${trailers.get('grpc-message')}${trailers.get('grpc-status-details-bin')}`.length).toBeLessThan(
      4096,
    );
  });
});

describe('a defect', () => {
  test('says "internal error", and keeps the cause for the log', () => {
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

  test('is given its details once', () => {
    const error = new ConnectError('too large', Code.ResourceExhausted);
    expect(toConnectError(toConnectError(error)).details).toHaveLength(1);
  });
});
