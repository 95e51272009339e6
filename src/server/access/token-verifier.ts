/** Verifies bearer tokens: JWTs of the configured issuer, for this audience, signed by a trusted key. */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { TokenConfig } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { StartError } from '../../errors/start-error.ts';
import { type Principal, readPrincipal, unauthenticated } from './principal.ts';

/** Verifies the token in `authorization` and returns its principal. */
export type VerifyToken = (header: Headers) => Promise<Principal>;

/** The tolerated clock difference between the issuer and this server, in seconds. */
const CLOCK_TOLERANCE_S = 30;

/**
 * Accepts tokens signed by one of the configured algorithms and a key of `keyOf`, with issuer, audience, an
 * expiry in the future, account, subject and roles. Throws UNAUTHENTICATED for all others.
 */
export function createTokenVerifier(config: TokenConfig, keyOf: JWTVerifyGetKey): VerifyToken {
  const { issuer, audience, algorithms, accountClaim, rolesClaim } = config;
  const names = {
    accountId: `claim ${accountClaim}`,
    subject: 'claim sub',
    roles: `claim ${rolesClaim}`,
  };
  const options: JWTVerifyOptions = {
    issuer,
    audience,
    algorithms: [...algorithms],
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp'],
  };
  return async (header) => {
    const payload = await verify(tokenIn(header), keyOf, options);
    const fields = {
      accountId: payload[accountClaim],
      subject: payload.sub,
      roles: payload[rolesClaim],
    };
    return readPrincipal(fields, names);
  };
}

/** Reads the single key in a PEM file. Throws StartError when there is none. */
export function readPublicKey(path: string): JWTVerifyGetKey {
  try {
    const key = createPublicKey(readFileSync(path));
    return async () => key;
  } catch (error) {
    throw new StartError(`cannot use AUTH_PUBLIC_KEY_FILE ${path}: ${(error as Error).message}`);
  }
}

function tokenIn(header: Headers): string {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(header.get('authorization') ?? '') ?? [];
  if (!token) {
    throw unauthenticated('the metadata authorization must be "Bearer" and a token');
  }
  return token;
}

async function verify(token: string, keyOf: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keyOf, options)).payload;
  } catch (error) {
    if (error instanceof DomainError) {
      throw error;
    }
    // Drops the cause, because it contains the token's content.
    throw unauthenticated(describe(error));
  }
}

function describe(error: unknown): string {
  if (error instanceof errors.JWTExpired) {
    return 'the token has expired';
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `the token's claim ${error.claim} is missing or not acceptable`;
  }
  return 'the token is malformed, or not signed with an accepted key and algorithm';
}
