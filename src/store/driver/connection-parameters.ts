/** The parameters of a connection: those of its URL, then those of libpq's environment variables. */
import { ConfigError } from '../../errors/start-error.ts';

/** `postgres://user:password@host:port,host:port/database?name=value&…`; every part but the scheme may be missing. */
const SHAPE = /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s;
const HOST = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d*))?$/;

/**
 * The parameters by libpq's names. `host` and `port` are lists with commas; a parameter after the question mark takes
 * precedence over the part of the URL before it, also with an empty value. Throws a ConfigError that names `setting`, never the URL,
 * which may hold a password.
 */
function parseConnectionUrl(url: string, setting: string): ReadonlyMap<string, string> {
  const parts = SHAPE.exec(url);
  if (!parts) {
    throw new ConfigError(`${setting} must look like postgres://user:password@host:5432/database`);
  }
  const [, user, password, hosts = '', database, query = ''] = parts;
  const addresses = hosts.split(',').map((address) => parseAddress(address, setting));
  const leading = {
    user: decode(user, setting),
    password: decode(password, setting),
    host: listOf(addresses.map(({ host }) => decode(host, setting))),
    port: listOf(addresses.map(({ port }) => port)),
    dbname: decode(database, setting),
  };
  const pairs = query.split('&').filter((pair) => pair !== '');
  return new Map([
    ...Object.entries(leading).flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
    ...pairs.map((pair) => parsePair(pair, setting)),
  ]);
}

/** undefined: all are empty. */
function listOf(values: readonly (string | undefined)[]): string | undefined {
  return values.some(Boolean) ? values.join(',') : undefined;
}

function parseAddress(address: string, setting: string): { host: string; port: string } {
  const parts = HOST.exec(address);
  if (!parts) {
    throw new ConfigError(
      `${setting} has a host that is none: each must look like host:5432, or [address]:5432 for IPv6`,
    );
  }
  const [, bracketed, plain = '', port = ''] = parts;
  return { host: bracketed ?? plain, port };
}

function parsePair(pair: string, setting: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  if (at < 1) {
    throw new ConfigError(`${setting}: what follows the question mark must be name=value pairs, joined by &`);
  }
  const name = decode(pair.slice(0, at), setting) ?? '';
  const value = decode(pair.slice(at + 1), setting) ?? '';
  // For URLs that were written for JDBC.
  return name === 'ssl' && value === 'true' ? ['sslmode', 'require'] : [name, value];
}

function decode(text: string | undefined, setting: string): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    throw new ConfigError(`${setting} has a % that no two hexadecimal digits follow; write %25 for a %`);
  }
}

/** Every supported parameter, and libpq's environment variable for it when the URL does not have it. */
const PARAMETERS = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  // PGPASSWORD and the password file are read by `pg`.
  password: undefined,
  dbname: 'PGDATABASE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
} as const;
type Parameter = keyof typeof PARAMETERS;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a parameter; undefined when neither the URL nor the environment has it. */
export type ReadParameter = (name: Parameter) => string | undefined;

/** Throws a ConfigError for an invalid URL, and for an unsupported parameter. */
export function readParameters(url: string, setting: string, environment: Environment): ReadParameter {
  const parameters = parseConnectionUrl(url, setting);
  for (const name of parameters.keys()) {
    if (!Object.hasOwn(PARAMETERS, name)) {
      const known = Object.keys(PARAMETERS).toSorted().join(', ');
      throw new ConfigError(`${setting}: the parameter "${name}" is not supported; supported are ${known}`);
    }
  }
  return (name) => {
    const variable = PARAMETERS[name];
    return parameters.get(name) ?? (variable ? environment[variable] || undefined : undefined);
  };
}

/** Throws a ConfigError when `value` is not in `allowed`. */
export function oneOf<T extends string>(
  allowed: readonly T[],
  value: string,
  name: string,
  setting: string,
): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) {
    throw new ConfigError(`${setting}: ${name} must be one of ${allowed.join(', ')}, not "${value}"`);
  }
  return found;
}
