/** A few connections to the service, of which each call takes the least busy. */

export interface Connections<C> {
  /** On a connection that is full a call would wait here, not at the service. */
  use<T>(call: (connection: C) => Promise<T>): Promise<T>;
  close(): void;
}

/** Several are for more calls than one may have under way; one is as many as callers behind one proxy have. */
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
