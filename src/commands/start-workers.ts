/** Starts the background workers: evaluation of events, workflow steps, backfills, the scheduler, and retention. */
import { createActionRunner } from '../automation/actions/action-runner.ts';
import { createWebhookPort } from '../automation/actions/webhook-port.ts';
import type { CandidateIndex } from '../automation/evaluation/candidate-index.ts';
import { createEvaluator } from '../automation/evaluation/evaluator.ts';
import { createReleaser } from '../automation/evaluation/release-queued-enrollments.ts';
import { createDeadLetterRetry } from '../automation/evaluation/retry-dead-letters.ts';
import { createBackfiller } from '../automation/replay/backfiller.ts';
import { createResealer } from '../automation/secrets/read-secrets.ts';
import { createScheduler } from '../automation/time/scheduler.ts';
import type { Config } from '../config/config.ts';
import { isDefect } from '../errors/error-table.ts';
import type { EventObserver } from '../events/event-bus.ts';
import { type Polling, startPolling } from '../events/polling-loop.ts';
import { createPostgresBus } from '../events/postgres-bus.ts';
import { createRedisBus } from '../events/redis/redis-bus.ts';
import type { TriggerQueue } from '../progression/engine/trigger-queue.ts';
import { createRetentionWorker, type RetentionObserver } from '../retention/retention-worker.ts';
import { describeCause, type Logger } from '../server/logger.ts';
import type { Database } from '../store/database.ts';
import type { Clock } from '../values/instant.ts';

export interface WorkerDeps {
  readonly database: Database;
  readonly config: Config;
  readonly clock: Clock;
  /** The trigger queue that this process shares between calls and workers. */
  readonly queue: TriggerQueue;
  /** The trigger index that this process shares. */
  readonly candidates: CandidateIndex;
  readonly logger: Logger;
  readonly observer?: EventObserver | undefined;
  readonly retentionObserver?: RetentionObserver | undefined;
}

export interface Workers {
  /** Starts no further work, and resolves when the work under way has ended. */
  stop(): Promise<void>;
}

/** Several processes may run workers on one database. */
export function startWorkers(deps: WorkerDeps): Workers {
  const { database, config, clock, candidates, observer, logger } = deps;
  /** Reports a failure; the worker retries after a backoff. */
  const onError = (error: unknown) => {
    const isOurs = isDefect(error);
    logger[isOurs ? 'error' : 'warn']({ cause: describeCause(error) }, 'work in the background failed');
  };
  const onAway = (error: unknown) => {
    logger.warn({ cause: describeCause(error) }, 'Redis is away; events are found without it');
  };
  const { limits, redisUrl, secretKeys } = config;
  const evaluation = {
    ...{ database, clock, limits, candidates, observer, reportError: onError },
    isRelayed: redisUrl !== undefined,
  };
  const { evaluatePartitions } = createEvaluator(evaluation);
  const bus = redisUrl
    ? createRedisBus({ url: redisUrl, database, limits, observer, onError, onDisconnect: onAway })
    : createPostgresBus({ database, limits, onError });
  const runner = createActionRunner({ ...deps, reportError: onError, webhooks: createWebhookPort(config) });
  // A look costs each node of a cluster, so an idle process seldom looks.
  const idle = database.isDistributed ? { idleMs: limits.clusterPollMs } : {};
  const repeat = (intervalMs: number, { runOnce }: { runOnce(): Promise<boolean> }) =>
    startPolling({ intervalMs, ...idle, work: runOnce, onError });

  const running = repeat(limits.actionIntervalMs, runner);
  const evaluating = bus.start(async (accountId, partitions) => {
    const handled = await evaluatePartitions(accountId, partitions);
    running.wake();
    return handled;
  });
  const repeated: Polling[] = [
    running,
    repeat(limits.schedulerIntervalMs, createScheduler({ database, clock, limits, reportError: onError })),
    repeat(limits.schedulerIntervalMs, createReleaser(evaluation)),
    repeat(limits.schedulerIntervalMs, createDeadLetterRetry(evaluation)),
    repeat(limits.schedulerIntervalMs, createBackfiller({ database, clock, config })),
    repeat(
      limits.retentionIntervalMs,
      createRetentionWorker({ database, clock, limits, observer: deps.retentionObserver }),
    ),
    ...(secretKeys?.previous ? [repeat(limits.resealIntervalMs, createResealer(database, secretKeys))] : []),
  ];
  return {
    async stop() {
      await Promise.all([evaluating.stop(), runner.stop(), ...repeated.map((each) => each.stop())]);
    },
  };
}
