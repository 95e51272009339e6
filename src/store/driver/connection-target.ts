/**
 * The servers of a database and the settings of connections, from a connection URL and libpq's environment variables.
 */
import { userInfo } from 'node:os';
import { ConfigError } from '../../errors/start-error.ts';
import { type Environment, oneOf, type ReadParameter, readParameters } from './connection-parameters.ts';
import { type Encryption, readEncryption } from './encryption.ts';

/** Which of several servers is suitable; libpq defines each value. */
const SESSION_ATTRIBUTES = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const;
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

export interface ServerAddress {
  /** A name, an IP address, or the directory of a Unix socket, which begins with a slash. */
  readonly host: string;
  readonly port: number;
}

export interface ConnectionTarget {
  /** Tried in this order. */
  readonly addresses: readonly [ServerAddress, ...ServerAddress[]];
  readonly user: string;
  /** Absent: PGPASSWORD, or the password file. */
  readonly password: string | undefined;
  readonly database: string;
  readonly encryption: Encryption;
  readonly sessionAttributes: SessionAttributes;
  /** The timeout of each address; absent: a share of the timeout of opening a connection. */
  readonly connectTimeoutMs: number | undefined;
  readonly applicationName: string | undefined;
  /** Command-line options for the session, such as `-c statement_timeout=5s`. */
  readonly options: string | undefined;
  /** Addresses and database, for messages; never a password. */
  readonly place: string;
}

const DEFAULT_PORT = 5432;

/**
 * Reads a connection URL. `setting` is the name of the URL in messages. Throws a ConfigError of one line for an
 * invalid or unsupported parameter, and for a certificate or key that cannot be read.
 */
export function readConnectionTarget(
  url: string,
  setting = 'DATABASE_URL',
  environment: Environment = {},
): ConnectionTarget {
  const read = readParameters(url, setting, environment);
  const addresses = readAddresses(read, setting);
  const user = read('user') || userInfo().username;
  const database = read('dbname') || user;
  const attributes = read('target_session_attrs') ?? 'any';
  const hosts = addresses.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return {
    ...{ addresses, user, database, password: read('password') },
    encryption: readEncryption(read, setting),
    sessionAttributes: oneOf(SESSION_ATTRIBUTES, attributes, 'target_session_attrs', setting),
    connectTimeoutMs: readTimeoutMs(read, setting),
    applicationName: read('application_name'),
    options: read('options'),
    place: `${hosts.join(',')}/${database}`,
  };
}

function readAddresses(read: ReadParameter, setting: string): ConnectionTarget['addresses'] {
  const hosts = (read('host') ?? '').split(',');
  const ports = (read('port') ?? '').split(',');
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw new ConfigError(
      `${setting}: port must be one for all hosts or one for each, not ${ports.length} for ${hosts.length}`,
    );
  }
  const addresses = hosts.map((host, index) => ({
    host: readHost(host, hosts.length, setting),
    port: readPort(ports[ports.length === 1 ? 0 : index] ?? '', setting),
  }));
  return addresses as [ServerAddress, ...ServerAddress[]];
}

function readHost(host: string, hosts: number, setting: string): string {
  if (host === '' && hosts > 1) {
    throw new ConfigError(`${setting}: host must name every one of several hosts`);
  }
  if (host.startsWith('@')) {
    throw new ConfigError(
      `${setting}: abstract sockets are not supported; host must be a name or a directory`,
    );
  }
  return host || 'localhost';
}

function readPort(port: string, setting: string): number {
  const number = port === '' ? DEFAULT_PORT : Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new ConfigError(`${setting}: port must be a whole number from 1 to 65535, not "${port}"`);
  }
  return number;
}

/** undefined: the parameter is absent, or 0, which means no limit of its own. */
function readTimeoutMs(read: ReadParameter, setting: string): number | undefined {
  const seconds = read('connect_timeout') ?? '0';
  if (!/^-?\d{1,6}$/.test(seconds)) {
    throw new ConfigError(`${setting}: connect_timeout must be a whole number of seconds, not "${seconds}"`);
  }
  return Number(seconds) > 0 ? Number(seconds) * 1000 : undefined;
}
