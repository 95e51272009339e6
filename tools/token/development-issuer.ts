/** An issuer of tokens for this machine: its key is in DATA_DIR, readable only by its owner. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { StartError } from '../../src/errors/start-error.ts';
import { readPrincipal } from '../../src/server/access/principal.ts';
import type { TokenRequest } from './arguments.ts';

const ISSUER = 'progression-development';
const AUDIENCE = 'progression-service';
const NAME_ON_COMMAND_LINE = { accountId: '--account', subject: '--subject', roles: '--roles' };

export interface DevelopmentIssuer {
  /** The command that starts a server which accepts this issuer's tokens. */
  readonly startCommand: string;
  mint(request: TokenRequest): Promise<string>;
}

/** Creates the key when there is none. Throws StartError when the directory or the key cannot be used. */
export function openDevelopmentIssuer(dataDir: string): DevelopmentIssuer {
  const publicKeyFile = join(dataDir, 'development-key.public.pem');
  const privateKey = openKey(dataDir, join(dataDir, 'development-key.pem'), publicKeyFile);
  const settings = {
    AUTH_MODE: 'jwt',
    AUTH_PUBLIC_KEY_FILE: publicKeyFile,
    AUTH_ALGORITHMS: 'EdDSA',
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return {
    startCommand: `${assignments.join(' ')} npm start`,
    async mint({ accountId, subject, roles, ttlS }) {
      requireAcceptable({ accountId, subject, roles });
      return new SignJWT({ account_id: accountId, roles: [...roles] })
        .setProtectedHeader({ alg: 'EdDSA' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(`${ttlS}s`)
        .sign(privateKey);
    },
  };
}

function openKey(dataDir: string, privateKeyFile: string, publicKeyFile: string): KeyObject {
  try {
    mkdirSync(dataDir, { recursive: true });
    makeKeyOnce(privateKeyFile);
    const privateKey = createPrivateKey(readFileSync(privateKeyFile));
    writeFileSync(publicKeyFile, createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }));
    return privateKey;
  } catch (error) {
    throw new StartError(`no key in DATA_DIR ${dataDir}: ${(error as Error).message}`);
  }
}

function makeKeyOnce(path: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
}

/** Does not issue a token that a server would refuse. */
function requireAcceptable(fields: { accountId: string; subject: string; roles: readonly string[] }): void {
  try {
    readPrincipal(fields, NAME_ON_COMMAND_LINE);
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}
