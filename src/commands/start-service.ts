/** Puts the three services of the API on a server. */
import { createProgramService } from '../catalog/program-service.ts';
import { createUserService } from '../catalog/user-service.ts';
import type { Config } from '../config.ts';
import { isDefect } from '../error-table.ts';
import { ProgramService } from '../gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../gen/progression/v1/user_service_pb.ts';
import { systemClock } from '../instant.ts';
import { createProgressionService } from '../progression/service.ts';
import { describeCause, type Logger } from '../server/logger.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import type { Database } from '../store/database.ts';
import { isMigrated } from '../store/migrate.ts';

/** Serves a migrated database from the moment it resolves. Rejects with a ListenError when the port is taken. */
export function startService(config: Config, database: Database, logger: Logger): Promise<RunningServer> {
  const dependencies = {
    database,
    config,
    clock: systemClock,
    reportError(error: unknown) {
      if (isDefect(error)) {
        logger.error({ cause: describeCause(error) }, 'an event of a batch failed');
      }
    },
  };
  return startServer({
    config,
    logger,
    routes(router) {
      router.service(ProgressionService, createProgressionService(dependencies));
      router.service(ProgramService, createProgramService(dependencies));
      router.service(UserService, createUserService(dependencies));
    },
    isReady: () => isMigrated(database),
  });
}
