/** Measures the memory of a service process while it is busy. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { mean } from './figures.ts';

export interface MemorySample {
  /** Since the first sample. */
  readonly minutes: number;
  readonly residentMb: number;
  /** Used heap of JavaScript, garbage that is not collected yet included. */
  readonly heapMb: number;
}

const BYTES_PER_MB = 1024 * 1024;
const PATIENCE_MS = 5_000;

/** Samples until `isOver`, from the service's `metricsUrl`. */
export async function sampleMemory(
  processId: number,
  metricsUrl: string,
  everyMs: number,
  isOver: () => boolean,
): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const startedMs = performance.now();
  while (!isOver()) {
    samples.push({
      minutes: (performance.now() - startedMs) / 60_000,
      residentMb: readResidentMb(processId),
      heapMb: await readHeapMb(metricsUrl),
    });
    await delay(Math.max(0, startedMs + samples.length * everyMs - performance.now()));
  }
  return samples;
}

/** The slope of a line through the samples, in megabytes per minute. */
export function slopeOf(samples: readonly MemorySample[]): number {
  const minutes = mean(samples.map((sample) => sample.minutes));
  const residentMb = mean(samples.map((sample) => sample.residentMb));
  const products = samples.map((each) => (each.minutes - minutes) * (each.residentMb - residentMb));
  return mean(products) / mean(samples.map((each) => (each.minutes - minutes) ** 2));
}

/** A port that is free at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') {
    throw new TypeError('a server on TCP has a port');
  }
  return address.port;
}

function readResidentMb(processId: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

async function readHeapMb(metricsUrl: string): Promise<number> {
  const answer = await fetch(metricsUrl, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const [, bytes] = /^v8js_memory_heap_used\S* (\S+)/m.exec(await answer.text()) ?? [];
  return Number(bytes) / BYTES_PER_MB;
}
