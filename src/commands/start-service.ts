/** Builds the services of the API and starts the server. */
import { setTimeout as delay } from 'node:timers/promises';
import { createUserService } from '../athletes/user-service.ts';
import { createAuditService } from '../audit/audit-service.ts';
import { createConfigurationChecks } from '../automation/configuration/validation/configuration-checks.ts';
import { createCandidateIndex } from '../automation/evaluation/candidate-index.ts';
import { automationHistory } from '../automation/forget-athlete.ts';
import { createRedisPreviewCache } from '../automation/inspection/preview-cache.ts';
import { createPublishingService } from '../automation/publishing/publishing-service.ts';
import { createReplayService } from '../automation/replay/replay-service.ts';
import { createTriggerService } from '../automation/trigger-service.ts';
import { createWorkflowService } from '../automation/workflow-service.ts';
import { createProgramService } from '../catalog/program-service.ts';
import type { Config } from '../config/config.ts';
import { isDefect } from '../errors/error-table.ts';
import { createEventService } from '../events/event-service.ts';
import { connectRedis } from '../events/redis/redis-connection.ts';
import { EventService } from '../gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../gen/progression/v1/user_service_pb.ts';
import { createEngine, createProgressionService, QUEUED_METHODS } from '../progression/service.ts';
import { createAuthenticator } from '../server/access/authenticator.ts';
import { CONSOLE_DIRECTORY, loadConsole } from '../server/console.ts';
import { describeCause, type Logger } from '../server/logger.ts';
import { loadOpenApi } from '../server/openapi.ts';
import { joinPages } from '../server/pages.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import type { Database } from '../store/database.ts';
import { isMigrated } from '../store/migrate.ts';
import type { Standby } from '../store/standby.ts';
import type { Telemetry } from '../telemetry/start-telemetry.ts';
import { systemClock } from '../values/system-clock.ts';
import { startWorkers } from './start-workers.ts';

/**
 * Serves a migrated database from the moment it resolves. Rejects with ListenError when the port is taken,
 * and with StartError when a credentials file cannot be used.
 */
export async function startService(
  config: Config,
  database: Database,
  logger: Logger,
  telemetry?: Telemetry,
  standby?: Standby,
): Promise<RunningServer> {
  const authenticator = await createAuthenticator(config.auth, config.limits, logger);
  const dependencies = {
    database,
    standby,
    config,
    clock: systemClock,
    queueObserver: telemetry?.queue,
    reportError(error: unknown) {
      if (isDefect(error)) {
        logger.error({ cause: describeCause(error) }, 'an event of a batch failed');
      }
    },
  };
  const engine = createEngine(dependencies);
  const candidates = createCandidateIndex(config.limits);
  const previews = sharePreviews(config, logger);
  const server = await startServer({
    config,
    logger,
    calls: telemetry?.calls,
    authenticate: authenticator.authenticate,
    pages: joinPages(await Promise.all([loadOpenApi(), ...(config.console ? [loadOwnConsole(config)] : [])])),
    routes(router) {
      const progression = createProgressionService(dependencies, engine);
      router.service(ProgressionService, progression);
      // Its own handler, in place of the service's, because the file is one message; JSON has it as base64.
      router.rpc(
        ProgressionService.method.importTrainingLog,
        (request, context) => progression.importTrainingLog(request, context),
        { readMaxBytes: config.limits.trainingLogBytes * 2 },
      );
      router.service(ProgramService, createProgramService(dependencies));
      router.service(UserService, createUserService({ ...dependencies, history: automationHistory }));
      router.service(AuditService, createAuditService(dependencies));
      router.service(WorkflowService, createWorkflowService(dependencies));
      router.service(TriggerService, createTriggerService({ ...dependencies, ...previews.cache }));
      router.service(EventService, {
        ...createEventService(dependencies),
        ...createPublishingService(dependencies),
        ...createReplayService({ ...dependencies, candidates }),
      });
    },
    exceededLimit: (method, timeoutMs) =>
      QUEUED_METHODS.has(method) ? engine.queue.exceededLimit(timeoutMs) : undefined,
    furtherChecks: createConfigurationChecks(dependencies),
    isReady: async () => (await isMigrated(database)) && (await database.acceptsWrites()),
  });
  const workers = config.automationWorkers
    ? startWorkers({
        ...{ ...dependencies, ...engine, candidates, logger },
        ...{ observer: telemetry?.events, retentionObserver: telemetry?.retention },
      })
    : undefined;
  return {
    ...server,
    async close() {
      // A worker that hangs in the database must not delay the exit by more than `drainMs`.
      const stopped = Promise.race([
        workers?.stop(),
        delay(config.limits.drainMs, undefined, { ref: false }),
      ]);
      await Promise.all([server.close(), stopped]);
      previews.close();
      authenticator.close();
    },
  };
}

function loadOwnConsole({ auth, consoleSignIn, secretKeys }: Config) {
  return loadConsole(CONSOLE_DIRECTORY, {
    rolesClaim: 'token' in auth ? auth.token.rolesClaim : '',
    hasSecretsKey: secretKeys !== undefined,
    ...(consoleSignIn && { signIn: consoleSignIn }),
  });
}

/** Keeps previews in Redis when one is configured, else in the memory of the process. */
function sharePreviews({ redisUrl, limits }: Config, logger: Logger) {
  if (!redisUrl) {
    return { cache: {}, close() {} };
  }
  const warn = (error: unknown) =>
    logger.warn({ cause: describeCause(error) }, 'previews are not kept in Redis');
  const redis = connectRedis(redisUrl, { limits, onDisconnect: warn });
  return {
    cache: { previews: createRedisPreviewCache({ redis, limits, onError: warn }) },
    close: () => redis.close(),
  };
}
