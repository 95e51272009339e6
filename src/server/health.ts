/**
 * grpc.health.v1: whether the process, and each of its services, accepts calls, by a readiness check that is
 * polled.
 */

import { EventEmitter, once } from 'node:events';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import type { Limits } from '../config/config.ts';
import {
  type Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../gen/health/v1/health_pb.ts';

export interface Readiness {
  ready(): boolean;
  stop(): void;
}

export type ReadinessLimits = Pick<
  Limits,
  'readinessIntervalMs' | 'readinessFailures' | 'readinessSuccesses'
>;

/**
 * The first check decides before this resolves; further checks follow `readinessIntervalMs` after the last
 * answer. `readinessFailures` consecutive failures end readiness, `readinessSuccesses` consecutive successes
 * restore it. A check that throws, or takes longer than the interval, is a failure. `onAnswer` is called with
 * the current status after each check.
 */
export async function watchReadiness(
  isReady: () => Promise<boolean>,
  limits: ReadinessLimits,
  onAnswer: (ready: boolean) => void,
): Promise<Readiness> {
  const { readinessIntervalMs: intervalMs, readinessFailures, readinessSuccesses } = limits;
  let ready = false;
  let isFirst = true;
  /** The number of consecutive answers that contradict the status. */
  let contrary = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function ask(): Promise<void> {
    const question = (async () => isReady())();
    const answer = await inTime(question, intervalMs).catch(() => false);
    if (!stopped) {
      contrary = answer === ready ? 0 : contrary + 1;
      if (contrary >= (isFirst ? 1 : ready ? readinessFailures : readinessSuccesses)) {
        ready = answer;
        contrary = 0;
      }
      isFirst = false;
      onAnswer(ready);
      timer = setTimeout(ask, intervalMs).unref();
    }
  }

  await ask();
  return {
    ready: () => ready,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function inTime(question: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  return Promise.race([question, late]).finally(() => clearTimeout(timer));
}

/** The liveness probe's service name: it is SERVING as long as the process answers. */
export const LIVENESS = 'liveness';

export interface Health {
  /** Sets the status of "" and of every service of the API. */
  setServing(serving: boolean): void;
  /** Registers the services that Check, Watch and List know, beside "". */
  setServices(names: Iterable<string>): void;
  readonly implementation: ServiceImpl<typeof HealthService>;
}

/** NOT_SERVING until it is set. */
export function createHealth(): Health {
  const changes = new EventEmitter().setMaxListeners(0);
  let status: ServingStatus = ServingStatus.NOT_SERVING;
  let known = new Set(['', LIVENESS]);

  function statusOf(service: string): ServingStatus {
    if (service === LIVENESS) {
      return ServingStatus.SERVING;
    }
    return known.has(service) ? status : ServingStatus.SERVICE_UNKNOWN;
  }

  return {
    setServing(serving) {
      status = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
      changes.emit('change');
    },
    setServices(names) {
      known = new Set(['', LIVENESS, ...names]);
      changes.emit('change');
    },
    implementation: {
      check({ service }) {
        if (!known.has(service)) {
          throw new ConnectError('unknown service', Code.NotFound);
        }
        return { status: statusOf(service) };
      },
      list: () => ({
        statuses: Object.fromEntries([...known].map((service) => [service, { status: statusOf(service) }])),
      }),
      async *watch({ service }, { signal }) {
        let told: ServingStatus | undefined;
        for (;;) {
          const current = statusOf(service);
          if (current !== told) {
            told = current;
            yield { status: current };
          } else if (signal.aborted) {
            return;
          } else {
            await once(changes, 'change', { signal }).catch(() => {});
          }
        }
      },
    },
  };
}
