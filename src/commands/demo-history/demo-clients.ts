/** Clients of the API in this process, behind the interceptors that check calls, at a time of the caller's choice. */
import { type Client, createClient, createRouterTransport, type Interceptor } from '@connectrpc/connect';
import { createUserService } from '../../athletes/user-service.ts';
import { createActionRunner } from '../../automation/actions/action-runner.ts';
import { createWebhookPort } from '../../automation/actions/webhook-port.ts';
import { createConfigurationChecks } from '../../automation/configuration/validation/configuration-checks.ts';
import { createCandidateIndex } from '../../automation/evaluation/candidate-index.ts';
import { createEvaluator } from '../../automation/evaluation/evaluator.ts';
import { createDeadLetterRetry } from '../../automation/evaluation/retry-dead-letters.ts';
import { automationHistory } from '../../automation/forget-athlete.ts';
import { createPublishingService } from '../../automation/publishing/publishing-service.ts';
import { createWorkflowService } from '../../automation/workflow-service.ts';
import { createProgramService } from '../../catalog/program-service.ts';
import type { Config } from '../../config/config.ts';
import { DEMO_ACCOUNT_ID } from '../../config/config.ts';
import { EventService } from '../../gen/automation/v1/event_service_pb.ts';
import { WorkflowService } from '../../gen/automation/v1/workflow_service_pb.ts';
import { ProgramService } from '../../gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../gen/progression/v1/user_service_pb.ts';
import { createEngine, createProgressionService } from '../../progression/service.ts';
import { createAccessInterceptors } from '../../server/access/access-interceptors.ts';
import { authenticateByHeaders } from '../../server/access/authenticator.ts';
import { createCallContextInterceptor } from '../../server/interceptors/call-context-interceptor.ts';
import { UNOBSERVED } from '../../server/interceptors/call-observer.ts';
import { createLogInterceptor } from '../../server/interceptors/log-interceptor.ts';
import { createValidationInterceptor } from '../../server/interceptors/validation-interceptor.ts';
import { createLogger } from '../../server/logger.ts';
import { createRequestGate } from '../../server/port/call-arrival.ts';
import type { Database } from '../../store/database.ts';
import { PARTITIONS } from '../../store/lock-partition.ts';
import type { Clock } from '../../values/instant.ts';

export interface DemoClients {
  readonly users: Client<typeof UserService>;
  readonly programs: Client<typeof ProgramService>;
  readonly progressions: Client<typeof ProgressionService>;
  readonly workflows: Client<typeof WorkflowService>;
  readonly events: Client<typeof EventService>;
  /** Evaluates the demo account's events, and takes the steps and the retries that are due at the clock's time. */
  settle(): Promise<void>;
}

export function createDemoClients(database: Database, given: Config, clock: Clock): DemoClients {
  const reportError = () => undefined;
  const config = patient(given);
  const deps = { database, config, clock, reportError };
  const engine = createEngine(deps);
  const transport = createRouterTransport(
    (router) => {
      router.service(UserService, createUserService({ ...deps, history: automationHistory }));
      router.service(ProgramService, createProgramService(deps));
      router.service(ProgressionService, createProgressionService(deps, engine));
      router.service(WorkflowService, createWorkflowService(deps));
      router.service(EventService, createPublishingService(deps));
    },
    {
      router: {
        // Notes when a call begins, which its deadline counts from.
        requestGate: createRequestGate(reportError),
        interceptors: [
          createLogInterceptor({ logger: createLogger('error'), calls: UNOBSERVED }),
          ...createAccessInterceptors(authenticateByHeaders),
          createValidationInterceptor(createConfigurationChecks(deps)),
          createCallContextInterceptor({
            ...{ limits: config.limits, clock, onLateFailure: reportError },
            draining: new AbortController().signal,
          }),
        ],
      },
      transport: { interceptors: [nameAccount] },
    },
  );
  const evaluation = {
    ...{ ...deps, limits: config.limits },
    candidates: createCandidateIndex(config.limits),
    isRelayed: config.redisUrl !== undefined,
  };
  const evaluator = createEvaluator(evaluation);
  const retry = createDeadLetterRetry(evaluation);
  const runner = createActionRunner({ ...deps, queue: engine.queue, webhooks: createWebhookPort(config) });
  return {
    users: createClient(UserService, transport),
    programs: createClient(ProgramService, transport),
    progressions: createClient(ProgressionService, transport),
    workflows: createClient(WorkflowService, transport),
    events: createClient(EventService, transport),
    async settle() {
      // What a step does is an event in its turn.
      do {
        await evaluateAll(evaluator.evaluatePartitions);
      } while (await runner.runOnce());
      await evaluateAll(evaluator.evaluatePartitions);
      await retry.runOnce();
    },
  };
}

/** A busy machine may take its time: no caller waits, and a refusal would keep the service from starting. */
function patient(config: Config): Config {
  const waitMs = config.limits.maximumDeadlineMs;
  const limits = { defaultDeadlineMs: waitMs, queueWaitMs: waitMs, transactionWaitMs: waitMs };
  return { ...config, limits: { ...config.limits, ...limits } };
}

async function evaluateAll(
  evaluate: (accountId: string, partitions: readonly number[]) => Promise<{ unfinished: readonly number[] }>,
): Promise<void> {
  let waiting: readonly number[] = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  while (waiting.length > 0) {
    waiting = (await evaluate(DEMO_ACCOUNT_ID, waiting)).unfinished;
  }
}

const nameAccount: Interceptor = (next) => (request) => {
  request.header.set('x-account-id', DEMO_ACCOUNT_ID);
  if (!request.header.has('x-actor')) {
    request.header.set('x-actor', 'demo');
  }
  return next(request);
};
