/** What a refusal says, for a person to read. */
import { ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ErrorInfoSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import { isTemporary } from './transport.ts';

export interface Refusal {
  readonly message: string;
  /** The reason in upper snake case, such as `USER_NOT_FOUND`; empty: the server gave none. */
  readonly reason: string;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
}

export function describeError(error: unknown): Refusal {
  const { rawMessage, details, findDetails } = withDetails(error);
  const [info] = findDetails(ErrorInfoSchema);
  const [bad] = findDetails(BadRequestSchema);
  const isAway = isTemporary(error) && details.length === 0;
  return {
    message: isAway ? 'The server does not answer.' : rawMessage,
    reason: info?.reason ?? '',
    violations: (bad?.fieldViolations ?? []).map(({ field, description }) => ({ field, description })),
  };
}

function withDetails(error: unknown) {
  const known = ConnectError.from(error);
  return {
    rawMessage: known.rawMessage,
    details: known.details,
    findDetails: known.findDetails.bind(known) as ConnectError['findDetails'],
  };
}
