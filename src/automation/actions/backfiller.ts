/** Enrolls the athletes of backfills, page by page and no faster than each may go. */
import type { Config } from '../../config.ts';
import type { Clock } from '../../instant.ts';
import type { Database } from '../../store/database.ts';

export interface BackfillerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly config: Config;
}

export interface Backfiller {
  /** Takes each backfill that is due a page further. True: one has more that is due at once. */
  runOnce(): Promise<boolean>;
}

export function createBackfiller(_deps: BackfillerDeps): Backfiller {
  return { runOnce: () => Promise.reject(new TypeError('the backfiller is not there yet')) };
}
