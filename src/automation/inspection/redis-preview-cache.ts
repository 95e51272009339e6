/** Keeps previews in Redis, where all processes find them; without it, for as long as it is away, nothing is kept. */
import type { Limits } from '../../config/config.ts';
import { ask, type Redis, RedisAway } from '../../events/redis/redis-connection.ts';
import { instantFromText, instantToText } from '../../values/instant.ts';
import type { Preview, PreviewCache } from './preview-cache.ts';

export interface RedisPreviewCacheDeps {
  readonly redis: Redis;
  readonly limits: Pick<Limits, 'previewMs'>;
  /** Hears of what Redis refused; the preview is computed then. */
  readonly onError: (error: unknown) => void;
}

export function createRedisPreviewCache({ redis, limits, onError }: RedisPreviewCacheDeps): PreviewCache {
  async function attempt<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask(command);
    } catch (error) {
      if (!(error instanceof RedisAway)) {
        onError(error);
      }
      return undefined;
    }
  }
  return {
    async get(key) {
      const text = await attempt(() => redis.get(nameOf(key)));
      return text ? previewOf(text) : undefined;
    },
    async set(key, preview) {
      await attempt(() =>
        redis.set(nameOf(key), textOf(preview), { expiration: { type: 'PX', value: limits.previewMs } }),
      );
    },
  };
}

function nameOf(key: string): string {
  return `progression:preview:${key}`;
}

function textOf(preview: Preview): string {
  return JSON.stringify({ ...preview, computedAt: instantToText(preview.computedAt) });
}

function previewOf(text: string): Preview {
  const kept: Omit<Preview, 'computedAt'> & { computedAt: string } = JSON.parse(text);
  return { ...kept, computedAt: instantFromText(kept.computedAt) };
}
