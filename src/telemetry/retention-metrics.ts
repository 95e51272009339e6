/** Metrics of retention: rows that accounts do not keep any more and that were removed. */
import type { Meter } from '@opentelemetry/api';
import type { RetentionObserver } from '../retention/retention-worker.ts';

export function observeRetention(meter: Meter): RetentionObserver {
  const removed = meter.createCounter('progression.retention.removed', {
    description: 'Rows that accounts do not keep any more and that were removed, by kind',
    unit: '{row}',
  });
  return { removed: (kind, rows) => removed.add(rows, { kind }) };
}
