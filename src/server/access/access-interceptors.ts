/**
 * The interceptors that every call of the API passes before anything is done for it.
 * Finds out who calls, and holds the call to the account of its credential.
 * Denies every call that its caller's roles do not permit, and every method that names no permission.
 */

import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { enumName } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { Permission, PermissionSchema } from '../../gen/progression/v1/access_pb.ts';
import { readOnlyMessage } from '../port/streamed-call.ts';
import { tlsSocketKey } from './client-certificate.ts';
import { permissionOfMethod, permissionsOfFields } from './needed-permissions.ts';
import { type Principal, principalKey, unauthenticated } from './principal.ts';
import { isPermitted } from './roles.ts';

/** Finds out who calls, then denies what the caller's roles do not permit; the first one is outermost. */
export function createAccessInterceptors(authenticate: Authenticate): Interceptor[] {
  return [createAuthenticationInterceptor(authenticate), createAuthorizationInterceptor()];
}

/** What a call brings to prove who it comes from. */
export interface Evidence {
  readonly header: Headers;
  /** The connection, when it is encrypted. */
  readonly tlsSocket: import('node:tls').TLSSocket | undefined;
}

/** Throws UNAUTHENTICATED when the evidence is missing or not acceptable. */
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

/** The refusal of a call that speaks of two accounts. */
export function accountMismatch(message: string): DomainError {
  return new DomainError('ACCOUNT_MISMATCH', message);
}

/** Throws PERMISSION_DENIED; UNAUTHENTICATED when nobody found out who calls. */
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
      // Every request message has to be looked at, and of a stream only the first ones are there.
      throw new DomainError('PERMISSION_DENIED', `${request.method.name} is a stream, which nobody may call`);
    }
    const { message, request: read } = await readOnlyMessage(request);
    requirePermission(principal, request.method, message);
    return next(read);
  };
}

function requirePermission({ roles, subject }: Principal, method: DescMethod, message: Message): void {
  const own = permissionOfMethod(method);
  if (own === Permission.UNSPECIFIED) {
    throw new DomainError('PERMISSION_DENIED', `${method.name} names no permission, so nobody may call it`);
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
