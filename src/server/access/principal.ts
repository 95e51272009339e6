/** Who calls, as their credential says; set on every call before anything else looks at it. */
import { createContextKey } from '@connectrpc/connect';
import { DomainError } from '../../errors/domain-error.ts';

export interface Principal {
  /** A UUID in lower case. */
  readonly accountId: string;
  /** Who to name in the audit trail. An athlete's is the athlete's user id. */
  readonly subject: string;
  /** As the credential names them; names that no role has permit nothing. */
  readonly roles: readonly string[];
}

/** Set by the authentication interceptor on every call of the API. */
export const principalKey = createContextKey<Principal | undefined>(undefined, {
  description: 'who calls',
});

/** An account in the form in which credentials, headers and rows name it, in any case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What the audit trail takes as a name. */
export const SUBJECT_CHARACTERS = 200;

/** The refusal of a call without an acceptable credential; the message never repeats the credential. */
export function unauthenticated(message: string): DomainError {
  return new DomainError('UNAUTHENTICATED', message);
}

/**
 * The principal that a credential's fields describe. UNAUTHENTICATED, naming the field, when one is not acceptable.
 * `name` is what the caller knows each field by.
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
