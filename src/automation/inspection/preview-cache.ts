/** Keeps previews for moments, so that whoever looks again and again does not count the account's athletes each time. */
import type { Limits } from '../../config/config.ts';
import type { Instant } from '../../values/instant.ts';

/** Which athletes a trigger's filter matched at some time. */
export interface Preview {
  readonly count: number;
  /** Names masked. */
  readonly samples: readonly { readonly userId: string; readonly name: string }[];
  readonly undecidedPaths: readonly string[];
  readonly computedAt: Instant;
}

/** A cache that several processes may share; it may forget whatever and whenever it likes. */
export interface PreviewCache {
  get(key: string): Promise<Preview | undefined>;
  /** For `previewMs`. */
  set(key: string, preview: Preview): Promise<void>;
}

/** In the process's memory; what was kept first goes first. */
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
