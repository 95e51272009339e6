/** Keeps the pool of connections whole, and says how busy it is. */
import type { EventEmitter } from 'node:events';

interface PooledClient extends EventEmitter {
  release: (destroy?: boolean) => void;
}

/** What the driver's pool says of itself. */
export interface ConnectionPool extends EventEmitter {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

export interface PoolUse {
  /** Connections at most. */
  readonly limit: number;
  readonly used: number;
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

/** A pool that nobody has used yet is not there: then nothing is open, and nobody waits. */
export function poolUseOf(pool: ConnectionPool | undefined, limit: number, waitingForSlots: number): PoolUse {
  const { totalCount, idleCount, waitingCount } = pool ?? { totalCount: 0, idleCount: 0, waitingCount: 0 };
  return { limit, used: totalCount - idleCount, idle: idleCount, waiting: waitingCount + waitingForSlots };
}

/**
 * Gives back the place of a connection that dies while it is in use. Nobody else does: a transaction whose begin,
 * commit or rollback fails on a dead connection keeps its place in the pool for ever.
 */
export function releaseDeadConnections(pool: EventEmitter): void {
  pool.on('acquire', (client: PooledClient) => client.on('end', giveBack));
  pool.on('release', (_error: unknown, client: PooledClient) => client.off('end', giveBack));
}

function giveBack(this: PooledClient): void {
  this.release(true);
  // Its holder may still give it back in good faith, which the pool would take for a defect.
  this.release = () => undefined;
}
