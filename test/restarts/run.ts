/**
 * `npm run restarts`: two servers with a PostgreSQL of their own, restarted in turn under load. With `--failovers N`: one
 * server, whose primary is killed N times, each time with a pair of PostgreSQL servers of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { failOverUnderLoad } from './failover.ts';
import { restartUnderLoad } from './rolling-restarts.ts';

const FAILOVER_LOAD_MS = 5_000;

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '100' },
    kill: { type: 'boolean', default: false },
    rate: { type: 'string', default: '50' },
    pause: { type: 'string', default: '500' },
    failovers: { type: 'string' },
  },
});
process.exitCode = values.failovers ? await failOver(Number(values.failovers)) : await restart();

async function failOver(times: number): Promise<number> {
  let lost = 0;
  for (let time = 1; time <= times; time += 1) {
    const { failures, discrepancies, ...figures } = await failOverUnderLoad({
      callsPerSecond: Number(values.rate),
      eachMs: FAILOVER_LOAD_MS,
    });
    const counts = { ...figures, failures: failures.length, discrepancies: discrepancies.length };
    process.stdout.write(`${time}: ${JSON.stringify(counts)}\n`);
    lost += discrepancies.length;
  }
  return lost > 0 ? 1 : 0;
}

async function restart(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'progression-restarts-'));
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
  try {
    const signal = values.kill ? 'SIGKILL' : 'SIGTERM';
    const { failures, discrepancies, ...figures } = await restartUnderLoad({
      databaseUrl: postgres.url,
      restarts: Number(values.restarts),
      signal,
      callsPerSecond: Number(values.rate),
      drainPauseMs: Number(values.pause),
      onFailure: (failure) => process.stdout.write(`${JSON.stringify(failure)}\n`),
      onRestart(count, { stopMs, startMs }) {
        process.stdout.write(`${count}: ${signal}, ended after ${Math.round(stopMs)} ms, `);
        process.stdout.write(`ready ${Math.round(startMs)} ms later\n`);
      },
    });
    for (const line of discrepancies) {
      process.stdout.write(`${line}\n`);
    }
    const counts = { ...figures, failures: failures.length, discrepancies: discrepancies.length };
    process.stdout.write(`${JSON.stringify(counts)}\n`);
    return discrepancies.length > 0 || (signal === 'SIGTERM' && failures.length > 0) ? 1 : 0;
  } finally {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
