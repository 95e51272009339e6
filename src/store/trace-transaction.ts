/** What traces show of transactions: where, by OpenTelemetry's conventions for databases; no statement and no value. */
import type { TracedWork } from '../flow/traced.ts';
import type { ConnectionTarget } from './driver/connection-target.ts';

/** Waiting for a connection counts as a part of the transaction. With several servers the first one is named. */
export function describeTransaction({ database, addresses }: ConnectionTarget): () => TracedWork {
  const [{ host, port }] = addresses;
  return () => ({
    name: `TRANSACTION ${database}`,
    kind: 'CALL',
    isRoot: false,
    attributes: {
      'db.system.name': 'postgresql',
      'db.namespace': database,
      'db.operation.name': 'TRANSACTION',
      'server.address': host,
      'server.port': port,
    },
  });
}
