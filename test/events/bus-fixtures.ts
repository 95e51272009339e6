/** The event buses with what each needs, for tests that every bus must pass. */

import { type Limits, readConfig } from '../../src/config/config.ts';
import type { Bus } from '../../src/events/event-bus.ts';
import { createPostgresBus } from '../../src/events/postgres-bus.ts';
import { createRedisBus } from '../../src/events/redis/redis-bus.ts';
import type { Database } from '../../src/store/database.ts';
import { violatedUniqueConstraint } from '../../src/store/database-error.ts';
import { createRedisCluster } from '../support/redis-cluster.ts';
import { createRedisServer, HAS_REDIS } from '../support/redis-server.ts';

/** Short intervals and timeouts, so that tests are fast. */
export const BUS_LIMITS: Limits = {
  ...readConfig({}).limits,
  busPollMs: 10,
  redisDeliveryTimeoutMs: 400,
  redisTimeoutMs: 400,
  streamWaitMs: 100,
  abandonedRecordMs: 400,
};

export interface BusSetup {
  /** Whether entries must also be relayed before they are removed. */
  readonly isRelayed: boolean;
  createBus(database: Database, options?: BusOptions): Bus;
  close(): Promise<void>;
}

export interface BusOptions {
  readonly onError?: (error: unknown) => void;
  readonly onDisconnect?: (error: unknown) => void;
  readonly limits?: Partial<Limits>;
}

/** A second evaluation violates a unique key of the log; errors of an overloaded machine are ignored. */
function fail(error: unknown): void {
  if (violatedUniqueConstraint(error)) {
    throw error;
  }
}

/** Each bus with its name, and whether this machine can run it. */
export const BUSES: readonly { name: string; isHere: boolean; setUp: () => Promise<BusSetup> }[] = [
  { name: 'PostgreSQL', isHere: true, setUp: setUpPostgres },
  { name: 'Redis Streams', isHere: HAS_REDIS, setUp: setUpRedis },
  { name: 'a Redis Cluster', isHere: HAS_REDIS, setUp: setUpRedisCluster },
];

async function setUpPostgres(): Promise<BusSetup> {
  return {
    isRelayed: false,
    createBus: (database, { onError = fail, limits } = {}) =>
      createPostgresBus({ database, limits: { ...BUS_LIMITS, ...limits }, onError }),
    close: async () => undefined,
  };
}

async function setUpRedis(): Promise<BusSetup> {
  const server = await createRedisServer();
  await server.start();
  return { ...redisSetup(server), close: () => server.kill() };
}

async function setUpRedisCluster(): Promise<BusSetup> {
  const cluster = await createRedisCluster();
  return { ...redisSetup(cluster), close: () => cluster.close() };
}

/** A setup on a Redis that the test itself starts and stops. */
export function redisSetup({ url }: { readonly url: string }): Omit<BusSetup, 'close'> {
  return {
    isRelayed: true,
    createBus: (database, { onError = fail, onDisconnect = () => {}, limits } = {}) =>
      createRedisBus({ url, database, limits: { ...BUS_LIMITS, ...limits }, onError, onDisconnect }),
  };
}
