/** Keeps the pool of connections whole. */
import type { EventEmitter } from 'node:events';

interface PooledClient extends EventEmitter {
  release: (destroy?: boolean) => void;
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
