/**
 * Caches previews briefly, in the process or in Redis, so that repeated requests do not count the account's
 * athletes each time.
 */
import type { Limits } from '../../config/config.ts';
import type { Redis } from '../../events/redis/redis-client.ts';
import { RedisUnavailable, sendCommand } from '../../events/redis/redis-errors.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';

/** The athletes that a trigger's filter matched at `computedAt`. */
export interface Preview {
  readonly count: number;
  /** Names are redacted. */
  readonly samples: readonly { readonly userId: string; readonly name: string }[];
  readonly undecidedPaths: readonly string[];
  /** The athletes that were looked at, and whether there are further ones. */
  readonly examined: number;
  readonly hasMore: boolean;
  readonly computedAt: Instant;
}

/** A cache that several processes may share. Entries may disappear at any time. */
export interface PreviewCache {
  get(key: string): Promise<Preview | undefined>;
  /** Keeps the preview for `previewMs`. */
  set(key: string, preview: Preview): Promise<void>;
}

/** A cache in the process's memory; the oldest entry is evicted first. */
export function createPreviewCache(limits: Pick<Limits, 'previewMs' | 'keptPreviews'>): PreviewCache {
  const kept = new Map<string, { readonly preview: Preview; readonly untilMs: number }>();
  return {
    async get(key) {
      const found = kept.get(key);
      return found && found.untilMs > performance.now() ? found.preview : undefined;
    },
    async set(key, preview) {
      kept.delete(key);
      kept.set(key, { preview, untilMs: performance.now() + limits.previewMs });
      const [oldest] = kept.keys();
      if (kept.size > limits.keptPreviews && oldest !== undefined) {
        kept.delete(oldest);
      }
    },
  };
}

export interface RedisPreviewCacheDeps {
  readonly redis: Redis;
  readonly limits: Pick<Limits, 'previewMs'>;
  /** Receives error replies of Redis; the caller then computes the preview. */
  readonly onError: (error: unknown) => void;
}

/** For all processes; while Redis is unavailable, every read is a miss. */
export function createRedisPreviewCache({ redis, limits, onError }: RedisPreviewCacheDeps): PreviewCache {
  async function attempt<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      return await sendCommand(command);
    } catch (error) {
      if (!(error instanceof RedisUnavailable)) {
        onError(error);
      }
      return undefined;
    }
  }
  return {
    async get(key) {
      const text = await attempt(() => redis.get(toRedisKey(key)));
      return text ? parsePreview(text) : undefined;
    },
    async set(key, preview) {
      await attempt(() =>
        redis.set(toRedisKey(key), serializePreview(preview), {
          expiration: { type: 'PX', value: limits.previewMs },
        }),
      );
    },
  };
}

function toRedisKey(key: string): string {
  return `progression:preview:${key}`;
}

function serializePreview(preview: Preview): string {
  return JSON.stringify({ ...preview, computedAt: instantToText(preview.computedAt) });
}

function parsePreview(text: string): Preview {
  const kept: Omit<Preview, 'computedAt'> & { computedAt: string } = JSON.parse(text);
  return { ...kept, computedAt: instantFromText(kept.computedAt) };
}
