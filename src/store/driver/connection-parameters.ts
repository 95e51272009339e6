/** The parameters of a connection: those of its URL, then those of libpq's environment variables. */
import { ConfigError } from '../../errors/start-error.ts';
import { parseConnectionUrl } from './connection-url.ts';

/** Every parameter that is supported, and the environment variable that libpq takes it from when the URL has none. */
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

/** Throws a ConfigError for a URL that is none, and for a parameter that is not supported. */
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

/** Throws a ConfigError when `value` is none of `allowed`. */
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
