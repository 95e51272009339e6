/**
 * Creates the authenticator for AUTH_MODE. With none, it trusts the headers and grants all permissions, for
 * a server that only its own machine can reach.
 */
import { createPublicKey } from 'node:crypto';
import { type AuthConfig, DEMO_ACCOUNT_ID, type Limits, type TokenConfig } from '../../config/config.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { describeCause, type Logger } from '../logger.ts';
import { type Authenticate, accountMismatch, type Evidence } from './access-interceptors.ts';
import { type IdentifyCertificate, readCertificatePrincipals } from './client-certificate.ts';
import { type Principal, SUBJECT_CHARACTERS, UUID } from './principal.ts';
import { followPublishedKeys } from './published-keys.ts';
import { createTokenVerifier, readPublicKey, type VerifyToken } from './token-verifier.ts';

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

export interface Authenticator {
  readonly authenticate: Authenticate;
  /** Stops refreshing the issuer's keys. */
  close(): void;
}

/** Reads the files that the configuration names. Rejects with StartError when one cannot be used. */
export async function createAuthenticator(
  auth: AuthConfig,
  limits: Limits,
  logger: Logger,
): Promise<Authenticator> {
  switch (auth.mode) {
    case 'none':
      return { authenticate: authenticateByHeaders, close: () => {} };
    case 'mtls': {
      const identify = readCertificatePrincipals(auth.principalsFile);
      return { authenticate: ({ tlsSocket }) => identify(tlsSocket), close: () => {} };
    }
    case 'jwt': {
      const { verify, close } = await createVerifier(auth.token, limits, logger);
      return { authenticate: ({ header }) => verify(header), close };
    }
    case 'jwt+mtls': {
      const identify = readCertificatePrincipals(auth.principalsFile);
      const { verify, close } = await createVerifier(auth.token, limits, logger);
      return { authenticate: requireBoth(identify, verify), close };
    }
  }
}

async function createVerifier(token: TokenConfig, limits: Limits, logger: Logger) {
  if (token.publicKey) {
    const key = createPublicKey(token.publicKey);
    return { verify: createTokenVerifier(token, async () => key), close: () => {} };
  }
  if (token.publicKeyFile) {
    return { verify: createTokenVerifier(token, readPublicKey(token.publicKeyFile)), close: () => {} };
  }
  const keys = await followPublishedKeys(token.keysUrl, limits, (error) => {
    logger.warn({ cause: describeCause(error) }, "the issuer's keys could not be fetched");
  });
  return { verify: createTokenVerifier(token, keys.keyOf), close: keys.close };
}

/**
 * The certificate identifies the calling system, the token the user. Both must name one account, and only
 * roles that both carry count.
 */
function requireBoth(identify: IdentifyCertificate, verify: VerifyToken): Authenticate {
  return async ({ header, tlsSocket }): Promise<Principal> => {
    const system = identify(tlsSocket);
    const person = await verify(header);
    if (system.accountId !== person.accountId) {
      throw accountMismatch('the token names another account than the client certificate');
    }
    return { ...person, roles: person.roles.filter((role) => system.roles.includes(role)) };
  };
}
