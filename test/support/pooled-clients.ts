/** Lets a test watch and replace the statements of a database handle, on each of its connections. */

import type { Database } from '../../src/store/database.ts';
import type { PipelinedDialect } from '../../src/store/driver/pipelined-dialect.ts';
import type { PooledServer } from '../../src/store/driver/pooled-server.ts';

/** A statement as the driver gives it to `pg`: a text and its values, or both and a name. */
type Arguments = readonly [statement: string | { readonly text: string }, values?: readonly unknown[]];

export interface PooledClient {
  processID: number;
  query: (...args: Arguments) => Promise<unknown>;
}

/** Calls `watch` with each connection before its first statement. */
export function watchClients(database: Database, watch: (client: PooledClient) => void): void {
  const createDialect = database.orm.config.get('driverOptions') as () => PipelinedDialect;
  createDialect().pool.on('connect', (server) => {
    watch((server as unknown as PooledServer).client as unknown as PooledClient);
  });
}

export function textOf([statement]: Arguments): string {
  return typeof statement === 'string' ? statement : statement.text;
}
