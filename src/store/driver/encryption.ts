/** Whether a connection to PostgreSQL is encrypted, and how the server's certificate is verified. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type SecureContextOptions,
} from 'node:tls';
import { ConfigError } from '../../errors/start-error.ts';
import { oneOf, type ReadParameter } from './connection-parameters.ts';

/** libpq defines each. */
const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof MODES)[number];

/** The value instead of a file: the authorities that the machine trusts. */
const SYSTEM = 'system';

export interface Encryption {
  readonly mode: Mode;
  /** PEM files. Each connection reads them again, so that certificates can be renewed while the process runs. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** The option of `pg`: false is clear text. */
export type Attempt = false | ConnectionOptions;
/** The ways to connect, in order. */
export type Attempts = readonly [first: Attempt, second?: Attempt];

/** Throws a ConfigError, also when a file that a connection would need cannot be used. */
export function readEncryption(read: ReadParameter, setting: string): Encryption {
  const rootCertificate = read('sslrootcert') ?? existing('root.crt');
  const fallback = rootCertificate === SYSTEM ? 'verify-full' : 'prefer';
  const mode = oneOf(MODES, read('sslmode') ?? fallback, 'sslmode', setting);
  const certificate = read('sslcert') ?? existing('postgresql.crt');
  const key = read('sslkey') ?? existing('postgresql.key');
  if (rootCertificate === SYSTEM && mode !== 'verify-full') {
    throw new ConfigError(`${setting}: sslrootcert=system goes with sslmode=verify-full, not ${mode}`);
  }
  if (mode.startsWith('verify') && rootCertificate === undefined) {
    throw new ConfigError(
      `${setting}: sslmode=${mode} needs sslrootcert, a file of certificates or "system" for those of the machine`,
    );
  }
  if ((certificate === undefined) !== (key === undefined)) {
    const [missing, given] = certificate === undefined ? ['sslcert', 'sslkey'] : ['sslkey', 'sslcert'];
    throw new ConfigError(`${setting}: ${given} goes with ${missing}`);
  }
  const encryption = { mode, rootCertificate, certificate, key };
  if (mode !== 'disable') {
    try {
      createSecureContext(secretsOf(encryption));
    } catch (error) {
      throw new ConfigError(`${setting}: ${(error as Error).message.replace(/\s+/g, ' ')}`);
    }
  }
  return encryption;
}

/**
 * The ways to connect to one host: the second one is for a server that refuses the first. Throws when a file can no longer
 * be read.
 */
export function attemptsFor(host: string, encryption: Encryption): Attempts {
  // As with libpq, a Unix socket is not encrypted.
  if (host.startsWith('/')) {
    return [false];
  }
  switch (encryption.mode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, encrypted(host, encryption)];
    case 'prefer':
      return [encrypted(host, encryption), false];
    default:
      return [encrypted(host, encryption)];
  }
}

function encrypted(host: string, encryption: Encryption): ConnectionOptions {
  const { mode, rootCertificate } = encryption;
  const secrets = secretsOf(encryption);
  // With a root certificate `require` verifies as `verify-ca` does, as libpq's documentation says.
  const isVerified = mode.startsWith('verify') || (mode === 'require' && rootCertificate !== undefined);
  if (!isVerified) {
    return { ...secrets, rejectUnauthorized: false };
  }
  return {
    ...secrets,
    rejectUnauthorized: true,
    // Node has no host name for a connection that `pg` made to an address, and would verify `localhost`.
    checkServerIdentity: (_, certificate) =>
      mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}

function secretsOf({ rootCertificate, certificate, key }: Encryption): SecureContextOptions {
  return {
    ...(rootCertificate === undefined ? {} : { ca: authoritiesOf(rootCertificate) }),
    ...(certificate === undefined ? {} : { cert: readParameterFile('sslcert', certificate) }),
    ...(key === undefined ? {} : { key: readKey(key) }),
  };
}

function authoritiesOf(rootCertificate: string): string | string[] {
  if (rootCertificate === SYSTEM) {
    return [...getCACertificates('system'), ...getCACertificates('extra')];
  }
  const authorities = readParameterFile('sslrootcert', rootCertificate);
  if (!authorities.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error(`sslrootcert ${rootCertificate} has no certificate in PEM form`);
  }
  return authorities;
}

function readKey(path: string): string {
  const key = readParameterFile('sslkey', path);
  const { mode, uid } = statSync(path);
  // Root may let a group read it.
  const forbidden = uid === 0 ? 0o037 : 0o077;
  if (process.platform !== 'win32' && (mode & forbidden) !== 0) {
    throw new Error(
      `sslkey ${path} can be read by others; its permissions must be 0600, or 0640 when root owns it`,
    );
  }
  return key;
}

function readParameterFile(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${parameter} ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** A file at libpq's default path; undefined when it does not exist. */
function existing(name: string): string | undefined {
  const path = join(homedir(), '.postgresql', name);
  return existsSync(path) ? path : undefined;
}
