/**
 * The issuer's published keys (JWKS): cached, refreshed, and fetched again when a token names an unknown key.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';

export interface PublishedKeys {
  /**
   * Returns the key that a token names. KEYS_UNAVAILABLE when it is unknown and the issuer is unreachable.
   */
  readonly keyOf: JWTVerifyGetKey;
  close(): void;
}

export type PublishedKeysLimits = Pick<
  Limits,
  'keysRefreshMs' | 'keysCooldownMs' | 'keysTimeoutMs' | 'keysBytes'
>;

/**
 * Fetches the keys at once and every `keysRefreshMs`, which bounds how long a revoked key is trusted; and
 * when a token names an unknown key, at most once per `keysCooldownMs`. While the issuer is unreachable the
 * known keys stay valid. `onFailure` is called for each failed fetch. Never rejects.
 */
export async function followPublishedKeys(
  url: string,
  limits: PublishedKeysLimits,
  onFailure: (error: unknown) => void,
): Promise<PublishedKeys> {
  let known = createLocalJWKSet({ keys: [] });
  let isCurrent = false;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    triedAtMs = performance.now();
    try {
      known = createLocalJWKSet(await fetchKeys(url, limits));
      isCurrent = true;
    } catch (error) {
      isCurrent = false;
      onFailure(error);
    }
  }
  function refreshOnce(): Promise<void> {
    running ??= refresh().finally(() => {
      running = undefined;
    });
    return running;
  }

  await refreshOnce();
  const timer = setInterval(refreshOnce, limits.keysRefreshMs).unref();
  return {
    async keyOf(header, token) {
      try {
        return await known(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) {
          throw error;
        }
      }
      if (running || performance.now() - triedAtMs >= limits.keysCooldownMs) {
        await refreshOnce();
      }
      return known(header, token).catch((error: unknown) => {
        throw isCurrent ? error : keysUnavailable();
      });
    },
    close: () => clearInterval(timer),
  };
}

async function fetchKeys(url: string, limits: PublishedKeysLimits): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(limits.keysTimeoutMs),
  });
  if (!response.ok) {
    throw new Error(`the issuer answered ${response.status}`);
  }
  return JSON.parse(await readText(response, limits.keysBytes));
}

async function readText(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      throw new Error(`the issuer's answer has more than ${mostBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function keysUnavailable(): DomainError {
  return new DomainError('KEYS_UNAVAILABLE', "the token's key is not known, and its issuer cannot be asked");
}
