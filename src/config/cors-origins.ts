/** Reads which pages of other origins may call from a browser. */
import { ConfigError } from '../errors/start-error.ts';

/**
 * The origins of CORS_ORIGINS, which separates them by commas; empty when it is unset. Throws ConfigError for one that a
 * browser would never send: a pattern, a path, a default port, capitals.
 */
export function readCorsOrigins(environment: NodeJS.ProcessEnv): string[] {
  const origins = (environment.CORS_ORIGINS ?? '').split(',').map((each) => each.trim());
  if (origins.length === 1 && origins[0] === '') {
    return [];
  }
  for (const origin of origins) {
    const meant = originIn(origin);
    if (meant !== origin) {
      const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
      throw new ConfigError(
        'CORS_ORIGINS must list whole origins, separated by commas, such as https://app.example.com: ' +
          `"${origin}" is none${hint}`,
      );
    }
  }
  return [...new Set(origins)];
}

/** undefined: the text has none. */
function originIn(text: string): string | undefined {
  const url = URL.parse(text) ?? undefined;
  const isOfPage = url && /^https?:$/.test(url.protocol) && !url.hostname.includes('*');
  return isOfPage ? url.origin : undefined;
}
