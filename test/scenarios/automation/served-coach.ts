/** Starts one server process with workers, and creates clients that call it. */
import { createGrpcTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { startService } from '../../../src/commands/start-service.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/server/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { type Coach, clientsOf, createCoach } from './coach.ts';

export interface ServedCoaches {
  readonly db: TestDatabase;
  /** A client of an account, by default of a new one. */
  coach(accountId?: string): Coach;
  close(): Promise<void>;
}

export async function serveCoaches(): Promise<ServedCoaches> {
  const db = await createTestDatabase();
  const server = await startService(readConfig({ PORT: '0' }), db.database, createLogger('silent'));
  const observer = db.open();
  return {
    db,
    coach(accountId = uuidv7()) {
      const transport = createGrpcTransport({
        baseUrl: server.url,
        interceptors: [
          (next) => (request) => {
            request.header.set('x-account-id', accountId);
            request.header.set('idempotency-key', uuidv7());
            return next(request);
          },
        ],
      });
      return createCoach(clientsOf(transport), observer, accountId);
    },
    async close() {
      await server.close();
      await db.close();
    },
  };
}
