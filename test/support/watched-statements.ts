/** Another handle on a test's database that records its statements. */
import type { Database } from '../../src/store/database.ts';
import { textOf, watchClients } from './pooled-clients.ts';
import type { TestDatabase } from './test-database.ts';

export interface WatchedDatabase {
  readonly database: Database;
  /** The texts of the statements since the previous call of this function, in order. */
  taken(): string[];
}

export function openWatchedDatabase(db: TestDatabase): WatchedDatabase {
  const database = db.open();
  let texts: string[] = [];
  watchClients(database, (client) => {
    const query = client.query.bind(client);
    client.query = (...args) => {
      texts.push(textOf(args));
      return query(...args);
    };
  });
  return {
    database,
    taken() {
      const all = texts;
      texts = [];
      return all;
    },
  };
}
