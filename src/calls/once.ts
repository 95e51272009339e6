/** Runs a writing call once per request ID: the claim, the work and the stored response commit together. */
import { createHash } from 'node:crypto';
import {
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { Database, Transaction } from '../store/database.ts';
import { failpoint } from '../store/failpoints.ts';
import { instantToText } from '../values/instant.ts';
import { callContextOf, markReplayed } from './call-context.ts';
import { hideSecrets } from './secret-fields.ts';

/** SHA-256 of the encoded message: the fingerprint that identifies a payload. */
export function fingerprintOf<D extends DescMessage>(schema: D, message: MessageShape<D>): Uint8Array {
  return createHash('sha256').update(toBinary(schema, message)).digest();
}

/** The error for a request ID that was used with another payload. */
export function requestIdReused(requestId: string): DomainError {
  return new DomainError('REQUEST_ID_REUSED', 'this request ID was used for another payload', {
    metadata: { requestId },
  });
}

/** Returns the request ID of a writing call; throws REQUEST_ID_REQUIRED when there is none. */
export function requireRequestId(requestId: string | undefined): string {
  if (!requestId) {
    throw new DomainError(
      'REQUEST_ID_REQUIRED',
      'a writing call needs a UUID in the metadata idempotency-key or x-request-id',
    );
  }
  return requestId;
}

/**
 * Runs `work` in a transaction of the caller's account, or returns the stored response byte for byte. Secrets are
 * hidden in both. A concurrent call with the same request ID waits for the first one, up to its deadline. A failed
 * call stores nothing.
 */
export async function once<I extends DescMessage, O extends DescMessage>(
  database: Database,
  context: HandlerContext,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  work: (tx: Transaction) => Promise<MessageShape<O>>,
): Promise<MessageShape<O>> {
  const call = callContextOf(context);
  const requestId = requireRequestId(call.requestId);
  const fingerprint = fingerprintOf(method.input, request);
  await database.ensureAccount(call.accountId);
  const run = async (tx: Transaction) => {
    const claim = await sql`
      insert into requests (account_id, method, request_id, fingerprint, response, occurred_at)
      values (${call.accountId}, ${method.name}, ${requestId}, ${fingerprint}, '', ${instantToText(call.receivedAt)})
      on conflict do nothing`.execute(tx.sql);
    if (claim.numAffectedRows === 0n) {
      return { response: await storedResponse(tx, method, requestId, fingerprint), replayed: true };
    }
    failpoint('call-claimed');
    const answer = hideSecrets(method.output, await work(tx));
    await tx.em.flush();
    failpoint('call-worked');
    await sql`
      update requests set response = ${toBinary(method.output, answer)}
      where account_id = ${call.accountId} and method = ${method.name} and request_id = ${requestId}`.execute(
      tx.sql,
    );
    failpoint('call-stored');
    return { response: answer, replayed: false };
  };
  const { deadlineAtMs, signal } = call;
  const { response, replayed } = await database.transaction(call.accountId, run, {
    deadlineAtMs,
    signal,
  });
  failpoint('call-committed');
  if (replayed) {
    markReplayed(context);
  }
  return response;
}

/**
 * Locks the row, which writes: where commits wait for a standby, this one waits until the standby has the row too. The commit
 * of the row may have given that up.
 */
async function storedResponse<I extends DescMessage, O extends DescMessage>(
  tx: Transaction,
  method: DescMethodUnary<I, O>,
  requestId: string,
  fingerprint: Uint8Array,
): Promise<MessageShape<O>> {
  const { rows } = await sql<{ fingerprint: Buffer; response: Buffer }>`
    select fingerprint, response from requests
    where account_id = ${tx.accountId} and method = ${method.name} and request_id = ${requestId}
    for share`.execute(tx.sql);
  const [stored] = rows;
  if (!stored) {
    throw new DomainError('CONCURRENT_UPDATE', 'a call with the same request ID was in the way; try again');
  }
  if (!stored.fingerprint.equals(fingerprint)) {
    throw requestIdReused(requestId);
  }
  return fromBinary(method.output, stored.response);
}
