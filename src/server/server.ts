/** The listening server: its services, their health, and its states from serving to closed. */
import { setTimeout } from 'node:timers/promises';
import type { ConnectRouter } from '@connectrpc/connect';
import type { FurtherChecks } from '../calls/further-checks.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../values/instant.ts';
import { systemClock } from '../values/system-clock.ts';
import type { Authenticate } from './access/access-interceptors.ts';
import { createHealth, watchReadiness } from './health.ts';
import { type CallObserver, UNOBSERVED } from './interceptors/call-observer.ts';
import type { Logger } from './logger.ts';
import { NO_PAGES, type Pages } from './pages.ts';
import { createCors } from './port/cors.ts';
import { openHttpPort } from './port/http-port.ts';
import { createRpcListener, type RpcListenerOptions } from './port/rpc-listener.ts';
import { createUnreadAnswers } from './port/unread-answers.ts';
import { createRoutes } from './routes.ts';

export interface ServerOptions {
  readonly config: Pick<Config, 'host' | 'port' | 'limits'> &
    Partial<Pick<Config, 'tls' | 'corsOrigins' | 'grpcFastPath'>>;
  readonly logger: Logger;
  /** Authenticates the caller; see createAuthenticator. */
  readonly authenticate: Authenticate;
  /** Registers the services of the API; health and reflection are added by the server. */
  readonly routes: (router: ConnectRouter) => void;
  /** The readiness check; while it returns false or throws, health says NOT_SERVING. */
  readonly isReady?: () => Promise<boolean>;
  /**
   * Admission control: called before a call is read, with its method and the caller's timeout. Returns the
   * limit that refuses the call; undefined admits it. Absent: all calls are admitted.
   */
  readonly exceededLimit?: RpcListenerOptions['exceededLimit'];
  /** Checks of requests that break the rules of their .proto files. Absent: none. */
  readonly furtherChecks?: FurtherChecks;
  /** Observes every call of the API. */
  readonly calls?: CallObserver | undefined;
  readonly clock?: Clock;
  /** Answers GETs of paths that are no method. Absent: none. */
  readonly pages?: Pages | undefined;
}

export interface RunningServer {
  /** The base URL for clients on this machine, without a trailing slash. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Sets the health status; calls are answered in either state. */
  setServing(serving: boolean): void;
  /**
   * Drains within `limits.drainMs`: health says NOT_SERVING; after `limits.drainPauseMs` no new connections
   * are accepted, and running calls finish. It may be called twice.
   */
  close(): Promise<void>;
}

/** Serves from the moment it resolves. Rejects with ListenError when the port cannot be opened. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, logger, authenticate, routes, isReady = async () => true } = options;
  const { calls = UNOBSERVED, clock = systemClock, exceededLimit = () => undefined } = options;
  const { pages = NO_PAGES } = options;
  const { host, limits } = config;
  const health = createHealth();
  const draining = new AbortController();
  const unread = createUnreadAnswers(limits, logger);
  const { handlers, fastPath } = createRoutes({
    routes,
    unread,
    furtherChecks: options.furtherChecks,
    authenticate,
    limits,
    logger,
    calls,
    clock,
    health,
    draining: draining.signal,
  });
  const cors = createCors(config.corsOrigins ?? [], limits);
  const listener = createRpcListener(handlers, {
    limits,
    logger,
    calls,
    cors,
    pages,
    fastPath: config.grpcFastPath === false ? undefined : fastPath,
    unread,
    exceededLimit,
  });

  const httpPort = await openHttpPort(host, config.port, limits, listener, logger, config.tls);

  let wanted = true;
  const readiness = await watchReadiness(isReady, limits, updateHealth);
  function updateHealth(ready: boolean): void {
    health.setServing(wanted && ready && !draining.signal.aborted);
  }
  let closed: Promise<void> | undefined;

  async function drain(): Promise<void> {
    readiness.stop();
    health.setServing(false);
    // Until load balancers notice, new calls still arrive here, and are answered.
    if (limits.drainPauseMs > 0) {
      await setTimeout(limits.drainPauseMs);
    }
    draining.abort();
    await httpPort.drain(limits.drainMs - limits.drainPauseMs);
  }
  return {
    url: urlOf(config.tls ? 'https' : 'http', host, httpPort.port),
    host,
    port: httpPort.port,
    setServing(serving) {
      wanted = serving;
      updateHealth(readiness.ready());
    },
    close() {
      closed ??= drain();
      return closed;
    },
  };
}

/** A wildcard address is not callable; the URL has the loopback address of the same family. */
function urlOf(scheme: string, host: string, port: number): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? 'localhost' : host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
