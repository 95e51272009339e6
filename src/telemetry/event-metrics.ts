/** Metrics of events: how many are evaluated, their latency, their verdicts, and the backlog. */
import type { Meter } from '@opentelemetry/api';
import type { EventObserver } from '../events/event-bus.ts';
import type { Backlog } from '../events/read-backlog.ts';

const WAIT_BOUNDARIES = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600];

export function observeEvents(meter: Meter): EventObserver {
  const waits = meter.createHistogram('progression.events.evaluation.delay', {
    description: 'How long after they were accepted events were evaluated',
    unit: 's',
    advice: { explicitBucketBoundaries: WAIT_BOUNDARIES },
  });
  const verdicts = meter.createCounter('progression.events.verdicts', {
    description: 'What triggers decided about events, by reason',
    unit: '{verdict}',
  });
  const relays = meter.createHistogram('progression.events.relay.delay', {
    description: 'How long the oldest entry of a batch had waited to be relayed',
    unit: 's',
    advice: { explicitBucketBoundaries: WAIT_BOUNDARIES },
  });
  const relayed = meter.createCounter('progression.events.relayed', {
    description: 'Entries of the outbox that were relayed to a bus beside PostgreSQL',
    unit: '{entry}',
  });
  // Starts at 0, because Prometheus computes an increase only from an earlier sample.
  relayed.add(0);
  return {
    evaluated(waitedMs) {
      for (const ms of waitedMs) {
        waits.record(Math.max(0, ms) / 1000);
      }
    },
    decided: (reason) => verdicts.add(1, { reason }),
    relayed(entries, oldestMs) {
      relays.record(oldestMs / 1000);
      relayed.add(entries);
    },
  };
}

/** Read at each collection; every process reports the same numbers. A query that fails is left out. */
export function observeBacklog(meter: Meter, read: () => Promise<Backlog>): void {
  const entries = meter.createObservableGauge('progression.outbox.entries', {
    description: 'Entries of the outbox by what they wait for',
    unit: '{entry}',
  });
  const age = meter.createObservableGauge('progression.outbox.age', {
    description: 'How long the oldest entry has waited, by what it waits for',
    unit: 's',
  });
  const lateness = meter.createObservableGauge('progression.due.age', {
    description: 'How long what is due the longest has been due',
    unit: 's',
  });
  const letters = meter.createObservableGauge('progression.dead.letters', {
    description: 'Dead letters that are open, by state',
    unit: '{letter}',
  });
  meter.addBatchObservableCallback(
    async (result) => {
      const backlog = await read().catch(() => undefined);
      if (backlog) {
        for (const waits_for of ['evaluation', 'relay'] as const) {
          const waiting = backlog[waits_for];
          if (waiting) {
            result.observe(entries, waiting.entries, { waits_for });
            result.observe(age, waiting.oldestMs / 1000, { waits_for });
          }
        }
        result.observe(lateness, backlog.scheduleLateMs / 1000, { work: 'schedule' });
        result.observe(lateness, backlog.stepsLateMs / 1000, { work: 'steps' });
        result.observe(lateness, backlog.retentionLateMs / 1000, { work: 'retention' });
        result.observe(letters, backlog.retrying, { state: 'RETRYING' });
        result.observe(letters, backlog.dead, { state: 'DEAD' });
      }
    },
    [entries, age, lateness, letters],
  );
}
