/**
 * Registers all services on one router: those of the API behind the interceptors, health and reflection
 * without.
 */
import type { DescMessage, DescService } from '@bufbuild/protobuf';
import { type ConnectRouter, createConnectRouter, createServiceImplSpec } from '@connectrpc/connect';
import { createMethodUrl, type UniversalHandler } from '@connectrpc/connect/protocol';
import { prepareJson } from '../calls/check-json.ts';
import type { FurtherChecks } from '../calls/further-checks.ts';
import { STRICT_JSON } from '../calls/json-reading.ts';
import { prepareValidation } from '../calls/message-validation.ts';
import type { Limits } from '../config/config.ts';
import { isDefect } from '../errors/error-table.ts';
import { ServerReflection } from '../gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionV1Alpha } from '../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { Health as HealthService } from '../gen/health/v1/health_pb.ts';
import type { Clock } from '../values/instant.ts';
import type { Authenticate } from './access/access-interceptors.ts';
import { createAccessInterceptors } from './access/access-interceptors.ts';
import { createAnswerMemoryInterceptor } from './admission/answer-memory.ts';
import { LONGEST_TIMEOUT_MS } from './admission/cap-timeout.ts';
import { createHeavyCallInterceptor } from './admission/heavy-calls.ts';
import { createAccountRateInterceptor, createPeerRateInterceptor } from './admission/rate-interceptors.ts';
import { createRequestMemoryInterceptor, requestBytesOf } from './admission/request-memory.ts';
import type { Health } from './health.ts';
import { createCallContextInterceptor } from './interceptors/call-context-interceptor.ts';
import type { CallObserver } from './interceptors/call-observer.ts';
import { createLogInterceptor, logFailedCall } from './interceptors/log-interceptor.ts';
import { createSecretsInterceptor } from './interceptors/secrets-interceptor.ts';
import { createValidationInterceptor } from './interceptors/validation-interceptor.ts';
import { describeCause, type Logger } from './logger.ts';
import { createRequestGate } from './port/call-arrival.ts';
import { COMPRESSIONS } from './port/compression.ts';
import {
  createGrpcFastPath,
  type FastPathOptions,
  type GrpcFastPath,
  type UnarySpec,
} from './port/grpc-fast-path.ts';
import type { UnreadAnswers } from './port/unread-answers.ts';
import { createReflection } from './reflection.ts';

export interface RoutesOptions {
  readonly furtherChecks: FurtherChecks | undefined;
  /** Registers the services of the API. */
  readonly routes: (router: ConnectRouter) => void;
  readonly authenticate: Authenticate;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly calls: CallObserver;
  readonly clock: Clock;
  readonly health: Health;
  readonly unread: UnreadAnswers;
  /** Aborted on drain to end streams, which have no end of their own. */
  readonly draining: AbortSignal;
}

export interface Routes {
  /** Serve every method in every protocol, by path. */
  readonly handlers: readonly UniversalHandler[];
  /** Serves plain unary calls of the API. */
  readonly fastPath: GrpcFastPath;
}

/** Builds what the listener serves. */
export function createRoutes(options: RoutesOptions): Routes {
  const ourOptions = optionsOfOurServices(options);
  const router = createConnectRouter(ourOptions);
  const specs = new Map<string, UnarySpec>();
  options.routes(recordUnary(router, specs));
  const ours = [...new Set(router.handlers.map(({ service }) => service))];
  prepareValidation(inputsOf(router));
  addInfrastructure(router, ours, options);
  prepareJson(inputsOf(router));
  return { handlers: router.handlers, fastPath: createGrpcFastPath(specs, ourOptions) };
}

/** Records the unary methods of services by their paths. A method with options of its own is Connect's alone. */
function recordUnary(router: ConnectRouter, specs: Map<string, UnarySpec>): ConnectRouter {
  const recording: ConnectRouter = {
    handlers: router.handlers,
    service(service, implementation) {
      router.service(service, implementation);
      for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) {
        if (spec.kind === 'unary') {
          specs.set(createMethodUrl('/', spec.method), spec);
        }
      }
      return recording;
    },
    rpc(method, implementation, options) {
      router.rpc(method, implementation, options);
      specs.delete(createMethodUrl('/', method));
      return recording;
    },
  };
  return recording;
}

function inputsOf({ handlers }: ConnectRouter): DescMessage[] {
  return handlers.map(({ method }) => method.input);
}

function optionsOfOurServices(options: RoutesOptions): FastPathOptions {
  const { authenticate, limits, logger, calls, clock, draining, unread } = options;
  return {
    acceptCompression: COMPRESSIONS,
    readMaxBytes: limits.messageBytes,
    jsonOptions: STRICT_JSON,
    // A longer timeout is shortened to the call context's deadline instead of refused.
    maxTimeoutMs: LONGEST_TIMEOUT_MS,
    requestGate: createRequestGate(({ method, requestHeader }, arrival, error) => {
      logFailedCall({ logger, calls }, method, requestHeader, arrival, error.code, error);
    }),
    // The first interceptor is the outermost.
    interceptors: [
      createLogInterceptor({ logger, calls }),
      createSecretsInterceptor(),
      createRequestMemoryInterceptor(requestBytesOf(limits)),
      createPeerRateInterceptor(limits),
      ...createAccessInterceptors(authenticate),
      createAccountRateInterceptor(limits),
      createAnswerMemoryInterceptor(unread, limits),
      createValidationInterceptor(options.furtherChecks),
      createCallContextInterceptor({
        limits,
        clock,
        draining,
        onLateFailure(error, { method }) {
          if (isDefect(error)) {
            logger.warn({ method: method.name, cause: describeCause(error) }, 'failed after its caller left');
          }
        },
      }),
      createHeavyCallInterceptor(limits),
    ],
  };
}

function addInfrastructure(
  router: ConnectRouter,
  ours: readonly DescService[],
  { health, draining }: RoutesOptions,
): void {
  const services = [...ours, HealthService, ServerReflection, ServerReflectionV1Alpha];
  // Exempt from credentials and permissions: probes and explorers have none, and learn nothing about an
  // account.
  const quiet = { interceptors: [], shutdownSignal: draining };
  health.setServices(services.map((service) => service.typeName));
  router.service(HealthService, health.implementation, quiet);
  router.service(ServerReflection, createReflection(services), quiet);
  router.service(ServerReflectionV1Alpha, createReflection(services), quiet);
}
