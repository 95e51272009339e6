/** A few HTTP/2 connections to the service, of which each call takes the least busy. */
import { type ClientHttp2Session, connect } from 'node:http2';

export interface Connections {
  /** On a connection that is full a call would wait here, not at the service. */
  use<T>(call: (session: ClientHttp2Session) => Promise<T>): Promise<T>;
  close(): void;
}

const CONNECTIONS = 10;

/** One is as many callers behind one proxy have; several are for more calls than one may have under way. */
export function openConnections(url: string, count = CONNECTIONS): Connections {
  const connections = Array.from({ length: count }, () => ({ session: connect(url), calls: 0 }));
  return {
    async use(call) {
      const connection = connections.reduce((least, each) => (each.calls < least.calls ? each : least));
      connection.calls += 1;
      try {
        return await call(connection.session);
      } finally {
        connection.calls -= 1;
      }
    },
    close() {
      for (const { session } of connections) {
        session.close();
      }
    },
  };
}
