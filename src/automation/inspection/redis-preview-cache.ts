/** Caches previews in Redis for all processes; while Redis is unavailable, every read is a miss. */
import type { Limits } from '../../config/config.ts';
import { type Redis, RedisUnavailable, sendCommand } from '../../events/redis/redis-connection.ts';
import { instantFromText, instantToText } from '../../values/instant.ts';
import type { Preview, PreviewCache } from './preview-cache.ts';

export interface RedisPreviewCacheDeps {
  readonly redis: Redis;
  readonly limits: Pick<Limits, 'previewMs'>;
  /** Receives error replies of Redis; the caller then computes the preview. */
  readonly onError: (error: unknown) => void;
}

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
