/** The principal: the authenticated caller of a call. */
import { createContextKey } from '@connectrpc/connect';
import { DomainError } from '../../errors/domain-error.ts';

export interface Principal {
  /** A UUID in lower case. */
  readonly accountId: string;
  /** The name in the audit trail; for an athlete, the athlete's user id. */
  readonly subject: string;
  /** The role names of the credential; an unknown name permits nothing. */
  readonly roles: readonly string[];
}

/** Set by the authentication interceptor on every call of the API. */
export const principalKey = createContextKey<Principal | undefined>(undefined, {
  description: 'who calls',
});

/** A UUID in any case, as credentials, headers and rows name an account. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The actor names that the audit trail accepts. */
export const SUBJECT_CHARACTERS = 200;

/** UNAUTHENTICATED; the message never repeats the credential. */
export function unauthenticated(message: string): DomainError {
  return new DomainError('UNAUTHENTICATED', message);
}

/**
 * Builds the principal from a credential's fields. Throws UNAUTHENTICATED, naming the field, when one is
 * invalid. `name` maps a field to the name that the caller knows.
 */
export function readPrincipal(
  fields: Readonly<Record<keyof Principal, unknown>>,
  name: Readonly<Record<keyof Principal, string>>,
): Principal {
  const { accountId, subject, roles } = fields;
  if (typeof accountId !== 'string' || !UUID.test(accountId)) {
    throw unauthenticated(`the credential's ${name.accountId} is not a UUID`);
  }
  if (typeof subject !== 'string' || !isSubject(subject)) {
    throw unauthenticated(
      `the credential's ${name.subject} is not a name of 1 to ${SUBJECT_CHARACTERS} characters`,
    );
  }
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string')) {
    throw unauthenticated(`the credential's ${name.roles} is not a list of names`);
  }
  return { accountId: accountId.toLowerCase(), subject, roles };
}

function isSubject(text: string): boolean {
  return text.length > 0 && text.length <= SUBJECT_CHARACTERS && !/\p{Cc}/u.test(text);
}
