/**
 * Long work is done in slices, one in each turn of the event loop for all such work of the process, so that other calls wait
 * for one slice at most.
 */

/** How long a slice takes, at least for one item, in milliseconds. */
const SLICE_MS = 2;

const waiting: (() => void)[] = [];

/** Resolves when it is the caller's turn to work on. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) {
      setImmediate(runNext);
    }
  });
}

function runNext(): void {
  waiting.shift()?.();
  if (waiting.length > 0) {
    setImmediate(runNext);
  }
}

/**
 * Yields the items as they are. Between two of them other work has its turn as often as `SLICE_MS` have passed; the first
 * slice begins at once.
 *
 * @example
 * for await (const event of inSlices(events)) {
 *   results.push(read(event));
 * }
 */
export async function* inSlices<T>(items: Iterable<T>): AsyncGenerator<T> {
  let untilMs = performance.now() + SLICE_MS;
  for (const item of items) {
    if (performance.now() >= untilMs) {
      await nextTurn();
      untilMs = performance.now() + SLICE_MS;
    }
    yield item;
  }
}

/** The results of `work` for the items, in their order; see `inSlices`. */
export async function mapInSlices<T, R>(items: Iterable<T>, work: (item: T) => R): Promise<R[]> {
  const results: R[] = [];
  for await (const item of inSlices(items)) {
    results.push(work(item));
  }
  return results;
}
