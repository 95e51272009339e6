/** Reads the settings of authentication from the environment. */
import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../errors/start-error.ts';

export type AuthConfig =
  | { readonly mode: 'none' }
  | { readonly mode: 'jwt'; readonly token: TokenConfig }
  | { readonly mode: 'mtls'; readonly principalsFile: string }
  | { readonly mode: 'jwt+mtls'; readonly token: TokenConfig; readonly principalsFile: string };

/** Which tokens are accepted. */
export interface TokenConfig {
  /** The URL of the issuer's keys; empty when publicKeyFile is set. */
  readonly keysUrl: string;
  readonly publicKeyFile: string;
  /** The key itself, in PEM, instead of either. */
  readonly publicKey?: string;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** The claims with the account's UUID and with the list of roles. */
  readonly accountClaim: string;
  readonly rolesClaim: string;
}

/** Asymmetric algorithms only, so that a verifier of tokens cannot make one. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/** Throws ConfigError for an unknown mode, or a missing setting. */
export function readAuthConfig(environment: NodeJS.ProcessEnv): AuthConfig {
  const mode = environment.AUTH_MODE || 'none';
  switch (mode) {
    case 'none':
      return { mode };
    case 'jwt':
      return { mode, token: readTokenConfig(environment) };
    case 'mtls':
      return { mode, principalsFile: required(environment, 'AUTH_PRINCIPALS_FILE', mode) };
    case 'jwt+mtls':
      return {
        mode,
        token: readTokenConfig(environment),
        principalsFile: required(environment, 'AUTH_PRINCIPALS_FILE', mode),
      };
    default:
      throw new ConfigError(`AUTH_MODE must be one of none, jwt, mtls, jwt+mtls, not "${mode}"`);
  }
}

/** Throws ConfigError when the mode `none` would be reachable from other machines. */
export function requireSafeBinding(host: string, auth: AuthConfig): void {
  if (auth.mode === 'none' && !isLoopback(host)) {
    throw new ConfigError(
      `AUTH_MODE none lets everybody in, so HOST must be a loopback address such as 127.0.0.1, not "${host}"; ` +
        'to listen there set AUTH_MODE to jwt, mtls or jwt+mtls, or TRIAL to on for a key and a token of this process',
    );
  }
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return host === 'localhost' || loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

function readTokenConfig(environment: NodeJS.ProcessEnv): TokenConfig {
  const keysUrl = environment.AUTH_JWKS_URL || '';
  const publicKeyFile = environment.AUTH_PUBLIC_KEY_FILE || '';
  if ((keysUrl === '') === (publicKeyFile === '')) {
    throw new ConfigError('AUTH_MODE jwt needs one of AUTH_JWKS_URL and AUTH_PUBLIC_KEY_FILE, not both');
  }
  if (keysUrl !== '') {
    requireTrustworthyUrl(keysUrl);
  }
  return Object.freeze({
    keysUrl,
    publicKeyFile,
    issuer: required(environment, 'AUTH_ISSUER', 'jwt'),
    audience: required(environment, 'AUTH_AUDIENCE', 'jwt'),
    algorithms: readAlgorithms(environment.AUTH_ALGORITHMS || ALGORITHMS.join(',')),
    accountClaim: environment.AUTH_ACCOUNT_CLAIM || 'account_id',
    rolesClaim: environment.AUTH_ROLES_CLAIM || 'roles',
  });
}

/** An attacker who can tamper with the JWKS response can impersonate any caller. */
function requireTrustworthyUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isTrustworthy =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
  if (!isTrustworthy) {
    throw new ConfigError(`AUTH_JWKS_URL must begin with https://, not "${text}"`);
  }
}

function readAlgorithms(text: string): readonly string[] {
  const algorithms = text.split(',').map((each) => each.trim());
  if (!algorithms.every((each) => ALGORITHMS.includes(each))) {
    throw new ConfigError(`AUTH_ALGORITHMS must be some of ${ALGORITHMS.join(', ')}, not "${text}"`);
  }
  return algorithms;
}

function required(environment: NodeJS.ProcessEnv, name: string, mode: string): string {
  const value = environment[name];
  if (!value) {
    throw new ConfigError(`AUTH_MODE ${mode} needs ${name}`);
  }
  return value;
}
