/** Counts the attempts that the clients of this process send: each attempt is a stream. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Stream } from 'node:http2';

const STREAM_START = 'http2.client.stream.start';
const OURS = '/progression.v1.';

interface StreamStart {
  readonly stream: ClientHttp2Stream;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface AttemptWatch {
  /** Attempts that reached a connection. */
  readonly count: number;
  /** Resolves with the next attempt of a gRPC client at this port. Rejects when none is made in time. */
  nextByGrpc(port: number, timeoutMs: number): Promise<void>;
  stop(): void;
}

/** Watches from now on. */
export function watchAttempts(): AttemptWatch {
  let count = 0;
  const waiting = new Map<number, () => void>();

  function onStart(message: unknown): void {
    const { stream, headers } = message as StreamStart;
    if (!`${headers[':path']}`.startsWith(OURS)) {
      return;
    }
    count += 1;
    if (`${headers['user-agent']}`.startsWith('grpc-node-js')) {
      waiting.get(stream.session?.socket.remotePort ?? 0)?.();
    }
  }

  subscribe(STREAM_START, onStart);
  return {
    get count() {
      return count;
    },
    async nextByGrpc(port, timeoutMs) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`no client came back to port ${port}`)), timeoutMs);
      waiting.set(port, resolve);
      await promise.finally(() => clearTimeout(timer));
    },
    stop: () => unsubscribe(STREAM_START, onStart),
  };
}
