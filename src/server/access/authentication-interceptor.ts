/** Finds out who calls, and holds the call to the account of its credential. */
import type { Interceptor } from '@connectrpc/connect';
import { DomainError } from '../../domain-error.ts';
import { tlsSocketKey } from './client-certificate.ts';
import { type Principal, principalKey } from './principal.ts';

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
