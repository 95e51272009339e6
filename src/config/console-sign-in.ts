/** Reads how people sign in to the console. */
import { ConfigError } from '../errors/start-error.ts';
import type { AuthConfig } from './auth-config.ts';

/** OpenID Connect: the issuer of the tokens that the API accepts, and what it calls the console. */
export interface ConsoleSignIn {
  readonly issuer: string;
  readonly clientId: string;
}

/** undefined: people paste a token. Throws ConfigError when the issuer is none that a browser can be sent to. */
export function readConsoleSignIn(
  environment: NodeJS.ProcessEnv,
  auth: AuthConfig,
): ConsoleSignIn | undefined {
  const clientId = environment.CONSOLE_OIDC_CLIENT_ID || undefined;
  if (clientId === undefined) {
    return undefined;
  }
  if (!('token' in auth)) {
    throw new ConfigError(`CONSOLE_OIDC_CLIENT_ID needs AUTH_MODE jwt or jwt+mtls, not ${auth.mode}`);
  }
  const { issuer } = auth.token;
  const url = URL.parse(issuer);
  // What stands in the content security policy must not be able to add to it.
  if (!url || !/^https?:$/.test(url.protocol) || !/^[\w.:[\]-]+$/.test(url.host)) {
    throw new ConfigError(
      `CONSOLE_OIDC_CLIENT_ID needs an AUTH_ISSUER such as https://issuer.example.com, not "${issuer}"`,
    );
  }
  return Object.freeze({ issuer, clientId });
}
