/** Metrics of the trigger queue: waiting commands, group sizes and transaction durations. */
import type { Meter } from '@opentelemetry/api';
import type { TriggerQueueObserver } from '../progression/engine/trigger-queue-observer.ts';
import type { WorkSpans } from './work-spans.ts';

const GROUP_BOUNDARIES = [1, 2, 4, 8, 16, 32, 64];
const DURATION_BOUNDARIES = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Without spans, transactions have no place in a trace. */
export function observeQueue(meter: Meter, workSpans?: WorkSpans): TriggerQueueObserver {
  const sizes = meter.createHistogram('progression.group.events', {
    description: 'Events in a transaction',
    unit: '{event}',
    advice: { explicitBucketBoundaries: GROUP_BOUNDARIES },
  });
  const durations = meter.createHistogram('progression.group.duration', {
    description: 'How long transactions of events took, from taking a connection to the commit',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BOUNDARIES },
  });
  const retries = meter.createCounter('progression.group.retries', {
    description: 'Events tried again because PostgreSQL broke their transaction off',
    unit: '{event}',
  });
  // Starts at 0, because Prometheus computes an increase only from an earlier sample.
  retries.add(0);
  return {
    opened(limit, depth) {
      observe(meter, limit, depth);
    },
    submitted: (command) => workSpans?.submitted(command),
    within: (commands, work) => (workSpans ? workSpans.withinAll(commands, work) : work()),
    ran(events, durationMs, isCommitted) {
      const attributes = { outcome: isCommitted ? 'committed' : 'failed' };
      sizes.record(events, attributes);
      durations.record(durationMs / 1000, attributes);
    },
    retried() {
      retries.add(1);
    },
  };
}

function observe(meter: Meter, limit: number, depth: Parameters<TriggerQueueObserver['opened']>[1]): void {
  meter
    .createObservableGauge('progression.queue.limit', {
      description: 'Events that may wait; one more is refused with OVERLOADED',
      unit: '{event}',
    })
    .addCallback((result) => result.observe(limit));
  meter
    .createObservableGauge('progression.queue.events', {
      description: 'Events that wait for a transaction: a shared one, or one of their own after a failure',
      unit: '{event}',
    })
    .addCallback((result) => {
      const { waiting, waitingAlone } = depth();
      result.observe(waiting, { transaction: 'shared' });
      result.observe(waitingAlone, { transaction: 'own' });
    });
  meter
    .createObservableGauge('progression.queue.running', {
      description: 'Transactions of events at work',
      unit: '{transaction}',
    })
    .addCallback((result) => result.observe(depth().running));
}
