/** A Connect transport over several servers that makes a failed attempt again at the next one. */
import { setTimeout as delay } from 'node:timers/promises';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';

/** As the service config has it for gRPC clients. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 100;

/**
 * Unary calls take turns at the servers and get four attempts, each at the next server, with growing pauses;
 * a timeout is one for all attempts. Writes must bring a request ID: the attempt whose answer was lost may have
 * done its work.
 */
export function createRetryingTransport(transports: readonly Transport[]): Transport {
  let calls = 0;
  const transportAt = (turn: number) => transports[turn % transports.length] as Transport;
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const turn = calls++;
      const endAtMs = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
      for (let attempt = 0; ; attempt += 1) {
        const leftMs = timeoutMs && Math.max(1, Math.ceil(endAtMs - performance.now()));
        try {
          const transport = transportAt(turn + attempt);
          return await transport.unary(method, signal, leftMs, header, input, contextValues);
        } catch (error) {
          const pauseMs = FIRST_PAUSE_MS * 2 ** attempt * (0.8 + 0.4 * Math.random());
          const isLast = attempt + 1 === ATTEMPTS || performance.now() + pauseMs > endAtMs;
          if (isLast || signal?.aborted || !mayRetry(error)) {
            throw error;
          }
          await delay(pauseMs);
        }
      }
    },
    stream: (...call) => transportAt(calls++).stream(...call),
  };
}

/** What did not come from the server is the connection's doing, under whichever code it is reported. */
function mayRetry(error: unknown): boolean {
  return error instanceof ConnectError && (!error.isWireError || error.code === Code.Unavailable);
}
