/**
 * AUTH_MODE none: trusts the headers and grants all permissions; for a server that only its own machine can
 * reach.
 */
import { DEMO_ACCOUNT_ID } from '../../config/config.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import type { Evidence } from './access-interceptors.ts';
import { type Principal, SUBJECT_CHARACTERS, UUID } from './principal.ts';

/**
 * Reads `x-account-id` and `x-actor`. Throws ACCOUNT_ID_INVALID, and VALIDATION_FAILED for an actor that is
 * too long.
 */
export function authenticateByHeaders({ header }: Pick<Evidence, 'header'>): Principal {
  const accountId = header.get('x-account-id') ?? DEMO_ACCOUNT_ID;
  if (!UUID.test(accountId)) {
    throw new DomainError('ACCOUNT_ID_INVALID', 'the metadata x-account-id must be a UUID');
  }
  const actor = header.get('x-actor') || 'anonymous';
  if (actor.length > SUBJECT_CHARACTERS) {
    throw invalidFields([{ field: 'x-actor', description: `at most ${SUBJECT_CHARACTERS} characters` }]);
  }
  return { accountId: accountId.toLowerCase(), subject: actor, roles: ['admin', 'service'] };
}
