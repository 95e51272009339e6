/**
 * Checks of requests beyond the rules of their .proto files. They run when a request breaks those rules: its method is
 * then not called, and without them the caller would get the remaining violations only after correcting the first ones.
 */
import type { DescMessage, DescMethod, DescMethodUnary, Message, MessageShape } from '@bufbuild/protobuf';
import type { FieldViolation } from '../errors/domain-error.ts';
import type { TransactionLimits } from '../store/enter-account.ts';

/** The account of the caller, and the time limit of a check. */
export interface CheckedCall {
  readonly accountId: string;
  readonly limits: Pick<TransactionLimits, 'deadlineAtMs' | 'signal'>;
}

/** Every violation that the method itself would return, with paths as in the request. Writes nothing. */
export type FurtherCheck<M extends Message = Message> = (
  request: M,
  call: CheckedCall,
) => Promise<readonly FieldViolation[]>;

/** By method; most have none. */
export type FurtherChecks = ReadonlyMap<DescMethod, FurtherCheck>;

/** An entry of the table. */
export function furtherCheck<I extends DescMessage>(
  method: DescMethodUnary<I, DescMessage>,
  check: FurtherCheck<MessageShape<I>>,
): readonly [DescMethod, FurtherCheck] {
  // The interceptor calls it with messages of the method's own type only.
  return [method, check as FurtherCheck];
}
