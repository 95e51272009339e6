/** Another handle on a test's database that remembers what it asked. */
import type { EventEmitter } from 'node:events';
import type { Database } from '../../src/store/database.ts';
import type { TestDatabase } from './test-database.ts';

export interface WatchedDatabase {
  readonly database: Database;
  /** The texts of the statements since the last time this was asked, in order. */
  taken(): string[];
}

interface PooledClient {
  query: (...args: unknown[]) => unknown;
}

export function openWatchedDatabase(db: TestDatabase): WatchedDatabase {
  const database = db.open();
  let texts: string[] = [];
  const options = database.orm.config.get('driverOptions') as {
    onPoolCreated: (pool: EventEmitter) => void;
  };
  const { onPoolCreated } = options;
  options.onPoolCreated = (pool) => {
    onPoolCreated(pool);
    pool.on('connect', (client: PooledClient) => {
      const query = client.query.bind(client);
      client.query = (...args) => {
        const [text] = args as [string];
        texts.push(text);
        return query(...args);
      };
    });
  };
  return {
    database,
    taken() {
      const all = texts;
      texts = [];
      return all;
    },
  };
}
