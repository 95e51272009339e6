/** A PostgreSQL of the harness's own, which can be killed and comes back with what it had promised to keep. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';

export interface FaultDatabase {
  /** For the harness itself: past every proxy. */
  readonly url: string;
  /** The socket that proxies lead to. */
  readonly socket: string;
  /** SIGKILL for the postmaster; resolves when the server has recovered. */
  killPostmaster(): Promise<void>;
  /** Ends it for good, and removes its files. */
  close(): Promise<void>;
}

/** A killed process takes nothing with it that the operating system has: the disk need not have it, too. */
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

/** As the address of a server on a unix socket has it. */
function socketDirectory(url: string): string {
  return decodeURIComponent(/@([^:/]+):/.exec(url)?.[1] ?? '');
}
