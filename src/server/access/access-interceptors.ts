/**
 * Authentication and authorization: determines the caller, and denies what the caller's roles do not permit.
 * A method without a permission is denied to every caller.
 */

import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { enumName } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { Permission, PermissionSchema } from '../../gen/progression/v1/access_pb.ts';
import { readOnlyMessage } from '../port/streamed-call.ts';
import { tlsSocketKey } from './client-certificate.ts';
import { isPermitted, permissionOfMethod, permissionsOfFields } from './permissions.ts';
import { type Principal, principalKey, unauthenticated } from './principal.ts';

/** Authenticates, then authorizes; the first interceptor is the outermost. */
export function createAccessInterceptors(authenticate: Authenticate): Interceptor[] {
  return [createAuthenticationInterceptor(authenticate), createAuthorizationInterceptor()];
}

/** The evidence of identity that a call brings. */
export interface Evidence {
  readonly header: Headers;
  /** The TLS connection; undefined in clear text. */
  readonly tlsSocket: import('node:tls').TLSSocket | undefined;
}

/** Throws UNAUTHENTICATED when the evidence is missing or invalid. */
export type Authenticate = (evidence: Evidence) => Principal | Promise<Principal>;

/** Sets the principal of every call. Throws what `authenticate` throws, and ACCOUNT_MISMATCH. */
export function createAuthenticationInterceptor(authenticate: Authenticate): Interceptor {
  return (next) => async (request) => {
    const { header, contextValues } = request;
    const principal = await authenticate({ header, tlsSocket: contextValues.get(tlsSocketKey) });
    const accountId = header.get('x-account-id');
    if (accountId !== null && accountId.toLowerCase() !== principal.accountId) {
      throw accountMismatch('the metadata x-account-id names another account than the credential');
    }
    contextValues.set(principalKey, principal);
    return next(request);
  };
}

/** ACCOUNT_MISMATCH: the header names another account than the credential. */
export function accountMismatch(message: string): DomainError {
  return new DomainError('ACCOUNT_MISMATCH', message);
}

/** Throws PERMISSION_DENIED, and UNAUTHENTICATED when no principal is set. */
export function createAuthorizationInterceptor(): Interceptor {
  return (next) => async (request) => {
    const principal = request.contextValues.get(principalKey);
    if (!principal) {
      throw unauthenticated('the call has no credential');
    }
    if (!request.stream) {
      requirePermission(principal, request.method, request.message);
      return next(request);
    }
    if (request.method.methodKind !== 'server_streaming') {
      // Every request message must be authorized, and of a client stream only the first ones have arrived.
      throw new DomainError(
        'PERMISSION_DENIED',
        `${request.method.name} takes a stream of requests, which no role may call`,
      );
    }
    const { message, request: read } = await readOnlyMessage(request);
    requirePermission(principal, request.method, message);
    return next(read);
  };
}

function requirePermission({ roles, subject }: Principal, method: DescMethod, message: Message): void {
  const own = permissionOfMethod(method);
  if (own === Permission.UNSPECIFIED) {
    throw new DomainError('PERMISSION_DENIED', `${method.name} names no permission, so no role may call it`);
  }
  const needed = permissionsOfFields(method.input, message, subject).add(own);
  if (!isPermitted(roles, needed)) {
    const permissions = [...needed].map((each) => enumName(PermissionSchema, each)).join(', ');
    throw new DomainError(
      'PERMISSION_DENIED',
      `no role of the caller permits ${method.name} with what it asks for: ${permissions}`,
      { metadata: { permissions } },
    );
  }
}
