/** The interceptors that every call of the API passes before anything is done for it. */
import type { Interceptor } from '@connectrpc/connect';
import { type Authenticate, createAuthenticationInterceptor } from './authentication-interceptor.ts';
import { createAuthorizationInterceptor } from './authorization-interceptor.ts';

/** Finds out who calls, then denies what the caller's roles do not permit; the first one is outermost. */
export function createAccessInterceptors(authenticate: Authenticate): Interceptor[] {
  return [createAuthenticationInterceptor(authenticate), createAuthorizationInterceptor()];
}
