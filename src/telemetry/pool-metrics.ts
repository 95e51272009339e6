/** Metrics of the connection pool, by OpenTelemetry's conventions for database clients. */
import type { Meter } from '@opentelemetry/api';
import type { PoolUse } from '../store/driver/connection-pool.ts';

export function observePool(meter: Meter, poolUse: () => PoolUse): void {
  meter
    .createObservableUpDownCounter('db.client.connection.count', {
      description: 'Connections to PostgreSQL by what they do',
      unit: '{connection}',
    })
    .addCallback((result) => {
      const { used, idle } = poolUse();
      result.observe(used, { 'db.client.connection.state': 'used' });
      result.observe(idle, { 'db.client.connection.state': 'idle' });
    });
  meter
    .createObservableUpDownCounter('db.client.connection.max', {
      description: 'Connections to PostgreSQL at most',
      unit: '{connection}',
    })
    .addCallback((result) => result.observe(poolUse().limit));
  meter
    .createObservableUpDownCounter('db.client.connection.pending_requests', {
      description: 'Transactions that wait for a connection',
      unit: '{request}',
    })
    .addCallback((result) => result.observe(poolUse().waiting));
}
