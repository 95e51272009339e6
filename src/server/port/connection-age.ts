/**
 * Ends connections by age, so that load balancers distribute long-lived callers anew, and ends those whose peer does
 * not answer any more.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';

export type ConnectionLimits = Pick<
  Limits,
  'connectionAgeMs' | 'connectionAgeGraceMs' | 'pingIntervalMs' | 'pingTimeoutMs'
>;

/** Ages differ by up to a tenth in either direction, so that connections opened together do not end together. */
const AGE_SPREAD = 0.1;
/**
 * A GOAWAY frame without an error and with the highest stream identifier: it refuses no call yet. It is written past
 * node:http2, which stops reading from an idle connection once it has sent a GOAWAY of its own (decision 032).
 */
const SHUTDOWN_NOTICE = Buffer.from('0000080700000000007fffffff00000000', 'hex');

/**
 * Aborts when a connection has reached its age; the reason is the error for its streaming calls, which end then. Never
 * aborts with `connectionAgeMs` 0.
 */
export function startAge(
  connection: Socket | ServerHttp2Session,
  { connectionAgeMs }: Pick<Limits, 'connectionAgeMs'>,
): AbortSignal {
  const controller = new AbortController();
  if (connectionAgeMs > 0) {
    const ageMs = connectionAgeMs * (1 + AGE_SPREAD * (2 * Math.random() - 1));
    const timer = setTimeout(() => {
      const message = 'the connection has lived long enough; call again on another, with the last token';
      controller.abort(new DomainError('SHUTTING_DOWN', message));
    }, ageMs);
    connection.once('close', () => clearTimeout(timer));
  }
  return controller.signal;
}

/**
 * Ends an HTTP/2 connection by age, and when its peer leaves a ping unanswered. `socket` is what the session writes to.
 * Returns the signal of `startAge`.
 */
export function superviseSession(
  session: ServerHttp2Session,
  socket: Socket,
  limits: ConnectionLimits,
): AbortSignal {
  const aged = startAge(session, limits);
  aged.addEventListener('abort', () => retire(session, socket, limits.connectionAgeGraceMs));
  if (limits.pingIntervalMs > 0) {
    const timer = setInterval(ping, limits.pingIntervalMs, session, limits.pingTimeoutMs);
    session.once('close', () => clearInterval(timer));
  }
  return aged;
}

/** Refuses calls from when the peer can know it, lets those that run end, and cuts off what runs after `graceMs`. */
function retire(session: ServerHttp2Session, socket: Socket, graceMs: number): void {
  if (session.destroyed) {
    return;
  }
  if (socket instanceof TLSSocket) {
    // A second writer would break node's TLS: calls that are on their way are refused, and sent again by their clients.
    session.close();
  } else {
    socket.write(SHUTDOWN_NOTICE);
    session.ping(() => session.close());
  }
  const timer = setTimeout(() => session.destroy(), graceMs);
  session.once('close', () => clearTimeout(timer));
}

function ping(session: ServerHttp2Session, timeoutMs: number): void {
  if (session.destroyed) {
    return;
  }
  const timer = setTimeout(() => session.destroy(), timeoutMs);
  session.ping(() => clearTimeout(timer));
}
