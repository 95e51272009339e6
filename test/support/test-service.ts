/** The whole service on a free port of the loopback interface, with a database of its own. */
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/server/logger.ts';
import { createTestDatabase } from './test-database.ts';

export interface TestService {
  readonly url: string;
  /** Stops the service and drops its database. */
  close(): Promise<void>;
}

export async function startTestService(): Promise<TestService> {
  const db = await createTestDatabase();
  const server = await startService(readConfig({ PORT: '0' }), db.database, createLogger('silent'));
  return {
    url: server.url,
    async close() {
      await server.close();
      await db.close();
    },
  };
}
