/** A PostgreSQL for fault tests that can be killed and recovers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';

export interface FaultDatabase {
  /** A direct connection for the tests, without proxies. */
  readonly url: string;
  /** The socket that the proxies connect to. */
  readonly socket: string;
  /** Kills the postmaster with SIGKILL; resolves when the server has recovered. */
  killPostmaster(): Promise<void>;
  /** Stops the server and removes its files. */
  close(): Promise<void>;
}

/** fsync is not needed: data written to the operating system survives a killed process. */
const SETTINGS = { fsync: 'off', max_connections: '150' };

export async function startFaultDatabase(): Promise<FaultDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'progression-faults-'));
  const start = () => startEmbeddedPostgres({ dataDir, log: () => {}, settings: SETTINGS });
  let postgres: EmbeddedPostgres = await start();
  return {
    url: postgres.url,
    socket: join(socketDirectory(postgres.url), '.s.PGSQL.5432'),
    async killPostmaster() {
      const pid = Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
      const lost = postgres.lost;
      process.kill(pid, 'SIGKILL');
      await lost;
      postgres = await start();
    },
    async close() {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Reads the socket directory from the URL. */
function socketDirectory(url: string): string {
  return decodeURIComponent(/@([^:/]+):/.exec(url)?.[1] ?? '');
}
