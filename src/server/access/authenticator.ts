/** Creates the authenticator for AUTH_MODE. */
import type { AuthConfig, Limits, TokenConfig } from '../../config/config.ts';
import { describeCause, type Logger } from '../logger.ts';
import { type Authenticate, accountMismatch } from './access-interceptors.ts';
import { type IdentifyCertificate, readCertificatePrincipals } from './client-certificate.ts';
import type { Principal } from './principal.ts';
import { followPublishedKeys } from './published-keys.ts';
import { createTokenVerifier, readPublicKey, type VerifyToken } from './token-verifier.ts';
import { authenticateByHeaders } from './trusted-headers.ts';

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
