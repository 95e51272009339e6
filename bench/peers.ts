/** The service beside each that is written by hand (bench/peers), by turns on one database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile, round } from './figures.ts';
import { keepRowSizes } from './floor.ts';
import type { LoadResult } from './load.ts';
import { PEERS } from './peers/peers.ts';
import { findPostmaster, readProcessorTime } from './processor-time.ts';
import { runLoad } from './run-load.ts';
import { analyze, type RunningService, type Served, withDatabase, withServedAthletes } from './served.ts';

const USERS = 20_000;
const IN_FLIGHT = 64;
const TURNS = 5;
const TURN_MS = 5_000;

interface Turn {
  readonly crowded: LoadResult;
  readonly alone: LoadResult;
  /** Of the service and PostgreSQL for one event, in milliseconds. */
  readonly processorMs: number;
}

type Measured = Pick<RunningService, 'url' | 'processId'>;

export async function runPeersBench(): Promise<void> {
  const environment = { AUTOMATION_WORKERS: 'off' };
  await withServedAthletes({ users: USERS, environment }, async (served) => {
    await keepRowSizes(served, USERS);
    for (const peer of PEERS) {
      if (peer.missing) {
        process.stdout.write(`${peer.name}: not measured, needs ${peer.missing}\n`);
        continue;
      }
      const directory = mkdtempSync(join(tmpdir(), 'progression-peer-'));
      const running = await peer.start(served.databaseUrl, directory);
      try {
        await compare(peer.name, served, running);
      } finally {
        await running.stop();
        rmSync(directory, { recursive: true });
      }
    }
  });
}

async function compare(name: string, served: Served, running: Measured): Promise<void> {
  const postmaster = await withDatabase(served.databaseUrl, findPostmaster);
  const measure = (one: Measured) => measureTurn(one, postmaster);
  await measure(served);
  await measure(running);
  await analyze(served.databaseUrl);
  const turns: { readonly ours: Turn; readonly peer: Turn }[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    turns.push({ ours: await measure(served), peer: await measure(running) });
    process.stdout.write(`${name}, turn ${turn + 1}: ${JSON.stringify(turns.at(-1))}\n`);
  }
  const middle = (figure: (turn: (typeof turns)[number]) => number) =>
    round(percentile(turns.map(figure), 0.5));
  const figures = {
    peer: name,
    throughput_ratio: middle((t) => t.ours.crowded.eventsPerSecond / t.peer.crowded.eventsPerSecond),
    alone_p50_ratio: middle((t) => t.ours.alone.p50Ms / t.peer.alone.p50Ms),
    processor_ratio: middle((t) => t.ours.processorMs / t.peer.processorMs),
    processor_ms: middle((t) => t.ours.processorMs),
    peer_processor_ms: middle((t) => t.peer.processorMs),
    failed: turns
      .flatMap((t) => [t.ours, t.peer])
      .reduce((sum, t) => sum + t.crowded.failed + t.alone.failed, 0),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

async function measureTurn({ url, processId }: Measured, postmaster: number): Promise<Turn> {
  const load = { url, users: USERS, warmUpMs: 0, measureMs: TURN_MS };
  const before = readProcessorTime(processId, postmaster);
  const crowded = await runLoad({ ...load, pace: { inFlight: IN_FLIGHT } });
  const after = readProcessorTime(processId, postmaster);
  const spentMs = after.serviceMs - before.serviceMs + after.postgresMs - before.postgresMs;
  const alone = await runLoad({ ...load, pace: { inFlight: 1 } });
  return { crowded, alone, processorMs: spentMs / crowded.events };
}
