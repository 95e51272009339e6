/** grpc.health.v1: whether the process, and each of its services, accepts calls. */
import { EventEmitter, once } from 'node:events';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import {
  type Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../gen/health/v1/health_pb.ts';

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
