/** SetLiftMaxes: many numbers set by hand in one transaction, each answered on its own. */
import { create } from '@bufbuild/protobuf';
import { requireValid } from '../calls/message-validation.ts';
import { DomainError } from '../errors/domain-error.ts';
import { toBatchError } from '../errors/error-table.ts';
import {
  type SetLiftMaxesRequest,
  type SetLiftMaxesResponse,
  SetLiftMaxesResponseSchema,
  type SetLiftMaxesResult,
  SetLiftMaxesResultSchema,
  type SetLiftMaxRequest,
  SetLiftMaxRequestSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Change } from '../store/change.ts';
import { liftMaxMessage } from './engine/lift-max-message.ts';
import { lockUsers } from './engine/load-ledger.ts';
import { setLiftMax } from './set-lift-max.ts';

/**
 * Applies the entries in order; what one is refused for is its own answer. Refusals come before an entry's first write.
 * The athletes are locked first, in the order in which everything locks them.
 */
export async function setLiftMaxes(
  change: Change,
  { liftMaxes }: SetLiftMaxesRequest,
): Promise<SetLiftMaxesResponse> {
  const { tx } = change;
  const valid = liftMaxes.map((entry) => refusalOf(() => requireValid(SetLiftMaxRequestSchema, entry)));
  const userIds = liftMaxes.filter((_, index) => valid[index] === null).map(({ userId }) => userId);
  await lockUsers(tx, [...new Set(userIds)], false);
  const results: SetLiftMaxesResult[] = [];
  const unwritten = new Set<string>();
  for (const [index, entry] of liftMaxes.entries()) {
    const max = `${entry.userId} ${entry.liftId} ${entry.maxType}`;
    if (unwritten.has(max)) {
      // This entry reads what the other one made.
      await tx.em.flush();
      tx.em.clear();
      unwritten.clear();
    }
    unwritten.add(max);
    results.push(await resultOf(change, entry, valid[index] ?? null));
  }
  const totalFailed = results.filter(({ result }) => result.case === 'error').length;
  return create(SetLiftMaxesResponseSchema, {
    results,
    totalFailed,
    totalSucceeded: results.length - totalFailed,
  });
}

async function resultOf(
  change: Change,
  entry: SetLiftMaxRequest,
  invalid: DomainError | null,
): Promise<SetLiftMaxesResult> {
  try {
    if (invalid) {
      throw invalid;
    }
    const value = liftMaxMessage(await setLiftMax(change, entry));
    return create(SetLiftMaxesResultSchema, { result: { case: 'liftMax', value } });
  } catch (error) {
    if (!(error instanceof DomainError) || IS_NOT_THE_ENTRYS.has(error.reason)) {
      throw error;
    }
    return create(SetLiftMaxesResultSchema, { result: { case: 'error', value: toBatchError(error) } });
  }
}

/** Refusals that concern the whole transaction. */
const IS_NOT_THE_ENTRYS: ReadonlySet<string> = new Set([
  'CONCURRENT_UPDATE',
  'DATABASE_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'OVERLOADED',
]);

function refusalOf(check: () => void): DomainError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof DomainError) {
      return error;
    }
    throw error;
  }
}
