/** The listening server: its services, their health, and the way from serving to closed. */
import { setTimeout } from 'node:timers/promises';
import type { ConnectRouter } from '@connectrpc/connect';
import type { Config } from '../config/config.ts';
import type { Clock } from '../values/instant.ts';
import { systemClock } from '../values/system-clock.ts';
import type { Authenticate } from './access/access-interceptors.ts';
import { createHealth } from './health.ts';
import { type CallObserver, UNOBSERVED } from './interceptors/call-observer.ts';
import type { Logger } from './logger.ts';
import { openHttpPort } from './port/http-port.ts';
import { createRpcListener, type RpcListenerOptions } from './port/rpc-listener.ts';
import { watchReadiness } from './readiness.ts';
import { createRoutes } from './routes.ts';

export interface ServerOptions {
  readonly config: Pick<Config, 'host' | 'port' | 'limits'> & Partial<Pick<Config, 'tls'>>;
  readonly logger: Logger;
  /** Finds out who calls; see createAuthenticator. */
  readonly authenticate: Authenticate;
  /** Registers the services of the API; health and reflection come by themselves. */
  readonly routes: (router: ConnectRouter) => void;
  /** Asked again and again; while it says no, or fails, health says NOT_SERVING. */
  readonly isReady?: () => Promise<boolean>;
  /**
   * Asked before anything of a call is read, with its method and how long its caller waits: the limit for which it would
   * be refused. Absent, undefined: none.
   */
  readonly exceededLimit?: RpcListenerOptions['exceededLimit'];
  /** Hears of every call of the API. */
  readonly calls?: CallObserver | undefined;
  readonly clock?: Clock;
}

export interface RunningServer {
  /** For clients on this machine, without a slash at the end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Takes the server out of rotation and back; calls are answered all the same. */
  setServing(serving: boolean): void;
  /**
   * Drains within `limits.drainMs`: says NOT_SERVING, and after `limits.drainPauseMs` takes no new connections and
   * lets running calls finish. May be called twice.
   */
  close(): Promise<void>;
}

/** Serves from the moment it resolves. Rejects with a ListenError when the port is not to be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, logger, authenticate, routes, isReady = async () => true } = options;
  const { calls = UNOBSERVED, clock = systemClock, exceededLimit = () => undefined } = options;
  const { host, limits } = config;
  const health = createHealth();
  const draining = new AbortController();
  const router = createRoutes({
    routes,
    authenticate,
    limits,
    logger,
    calls,
    clock,
    health,
    draining: draining.signal,
  });
  const listener = createRpcListener(router.handlers, { limits, logger, calls, exceededLimit });

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
    // Until load balancers have heard of it, new calls still come here, and are answered.
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

/** An address that means "every interface" is no address to call. */
function urlOf(scheme: string, host: string, port: number): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? 'localhost' : host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
