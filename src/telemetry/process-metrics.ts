/** Metrics of the process: processor time, memory, event-loop delay, and its connections to PostgreSQL. */
import { type EventLoopUtilization, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Meter } from '@opentelemetry/api';
import type { PoolUse } from '../store/driver/connection-pool.ts';

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

/** Measures until the returned function is called. */
export function observeProcess(meter: Meter): () => void {
  observeResources(meter);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  observeEventLoop(meter, delay);
  return () => {
    delay.disable();
  };
}

function observeResources(meter: Meter): void {
  meter
    .createObservableCounter('process.cpu.time', { description: 'Processor time used', unit: 's' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / MICROSECONDS, { 'cpu.mode': 'user' });
      result.observe(system / MICROSECONDS, { 'cpu.mode': 'system' });
    });
  meter
    .createObservableUpDownCounter('process.memory.usage', {
      description: 'Memory in use, of all kinds',
      unit: 'By',
    })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableGauge('process.uptime', { description: 'Time since the start', unit: 's' })
    .addCallback((result) => result.observe(process.uptime()));
  meter
    .createObservableUpDownCounter('v8js.memory.heap.used', { description: 'Heap in use', unit: 'By' })
    .addCallback((result) => result.observe(getHeapStatistics().used_heap_size));
  meter
    .createObservableUpDownCounter('v8js.memory.heap.limit', { description: 'Heap at most', unit: 'By' })
    .addCallback((result) => result.observe(getHeapStatistics().heap_size_limit));
}

/** Each collection reports the time since the previous one. */
function observeEventLoop(meter: Meter, delay: ReturnType<typeof monitorEventLoopDelay>): void {
  const description = 'How late the event loop came to its timers';
  const p50 = meter.createObservableGauge('nodejs.eventloop.delay.p50', { description, unit: 's' });
  const p99 = meter.createObservableGauge('nodejs.eventloop.delay.p99', { description, unit: 's' });
  const most = meter.createObservableGauge('nodejs.eventloop.delay.max', { description, unit: 's' });
  const utilization = meter.createObservableGauge('nodejs.eventloop.utilization', {
    description: 'The share of time in which the event loop had something to do',
    unit: '1',
  });
  let before: EventLoopUtilization | undefined;
  meter.addBatchObservableCallback(
    (result) => {
      const late = (nanoseconds: number) =>
        Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000) || 0;
      result.observe(p50, late(delay.percentile(50)));
      result.observe(p99, late(delay.percentile(99)));
      result.observe(most, late(delay.max));
      delay.reset();
      const now = performance.eventLoopUtilization();
      result.observe(utilization, performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
    [p50, p99, most, utilization],
  );
}

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
