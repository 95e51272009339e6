/** Handles the items of a list with limited concurrency. */

export interface ConcurrentWork {
  /** Items at the same time. */
  readonly concurrency: number;
  /** After it is aborted no further item begins; running items go on. */
  readonly signal?: AbortSignal;
}

/**
 * Begins the items in order. After the first failure none begins. Resolves, or rejects with that failure, when
 * everything that has begun has ended.
 *
 * @example
 * await forEachConcurrently(dueEnrollments, { concurrency: 4, signal }, (due) => advance(due));
 */
export async function forEachConcurrently<T>(
  items: readonly T[],
  { concurrency, signal }: ConcurrentWork,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  let hasFailed = false;
  const worker = async () => {
    for (const [index, item] of left) {
      if (hasFailed || signal?.aborted) {
        return;
      }
      await work(item, index).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
}
