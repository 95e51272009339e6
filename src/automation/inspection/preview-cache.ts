/** Caches previews briefly, so that repeated requests do not count the account's athletes each time. */
import type { Limits } from '../../config/config.ts';
import type { Instant } from '../../values/instant.ts';

/** The athletes that a trigger's filter matched at `computedAt`. */
export interface Preview {
  readonly count: number;
  /** Names are redacted. */
  readonly samples: readonly { readonly userId: string; readonly name: string }[];
  readonly undecidedPaths: readonly string[];
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
