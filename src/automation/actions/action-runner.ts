/** Runs workflows: finds enrollments whose next step is due, of every account, and takes them a step further. */
import type { Config } from '../../config.ts';
import type { Clock } from '../../instant.ts';
import type { TriggerQueue } from '../../progression/trigger-queue.ts';
import type { Database } from '../../store/database.ts';
import type { WebhookPort } from './webhook-port.ts';

export interface ActionRunnerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly config: Config;
  /** The process's one queue of events for the engine. */
  readonly queue: TriggerQueue;
  readonly webhooks: WebhookPort;
  /** Told of every defect that only left a failed step behind. */
  readonly reportError: (error: unknown) => void;
}

export interface ActionRunner {
  /**
   * Runs the steps that are due now and need nothing but the database; those that call out begin, and are recorded when
   * they have ended. True: there may be more to do at once. Rejects when the database is not there.
   */
  runOnce(): Promise<boolean>;
  /** Resolves when no call is under way any more; none begins unless runOnce is called again. */
  settled(): Promise<void>;
}

export function createActionRunner(_deps: ActionRunnerDeps): ActionRunner {
  return {
    runOnce: () => Promise.reject(new TypeError('the action runner is not there yet')),
    settled: () => Promise.resolve(),
  };
}
