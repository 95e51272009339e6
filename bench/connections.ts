/** A few connections to the service; each call uses the least busy one. */

export interface Connections<C> {
  /** On a full connection a call would wait in the client, not in the service. */
  use<T>(call: (connection: C) => Promise<T>): Promise<T>;
  close(): void;
}

/** Several connections allow more calls in flight than one; one connection is what callers behind one proxy have. */
export const CONNECTIONS = 10;

export function shareConnections<C extends { close(): void }>(members: readonly C[]): Connections<C> {
  const connections = members.map((connection) => ({ connection, calls: 0 }));
  return {
    async use(call) {
      const least = connections.reduce((best, each) => (each.calls < best.calls ? each : best));
      least.calls += 1;
      try {
        return await call(least.connection);
      } finally {
        least.calls -= 1;
      }
    },
    close() {
      for (const { connection } of connections) {
        connection.close();
      }
    },
  };
}
