/** Takes a PostgreSQL connection URL apart into the parameters that libpq would read from it. */
import { ConfigError } from '../../errors/start-error.ts';

/** `postgres://user:password@host:port,host:port/database?name=value&…`; every part but the scheme may be missing. */
const SHAPE = /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s;
const HOST = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d*))?$/;

/**
 * The parameters by the names that libpq gives them. `host` and `port` are lists with commas; a parameter behind the
 * question mark wins over the part of the URL in front of it, also with an empty value. Throws a ConfigError that names `setting`, never the URL,
 * which may hold a password.
 */
export function parseConnectionUrl(url: string, setting: string): ReadonlyMap<string, string> {
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

/** undefined: none of them says anything. */
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
