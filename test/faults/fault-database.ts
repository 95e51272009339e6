/** A PostgreSQL for fault tests that is killed, fails over to a standby, is restored, and runs full. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { ask, until } from './ask-database.ts';
import { takeBaseBackup } from './base-backup.ts';
import { copyDump } from './copy-dump.ts';
import type { LostPeriod } from './run-history.ts';

export interface FaultDatabase {
  /** A direct connection for the tests, without proxies. It leads to the server that is in charge now. */
  readonly url: string;
  /** The socket that the proxies connect to. */
  readonly socket: string;
  /** Whether `fillDisk` is possible. */
  readonly hasOwnDisk: boolean;
  /** Kills the postmaster with SIGKILL; resolves when the server has recovered. */
  killPostmaster(): Promise<void>;
  /** Makes a standby that each commit waits for, kills the primary after `durationMs`, and promotes the standby. */
  failOverSync(durationMs: number): Promise<void>;
  /**
   * The same with a standby that stops to receive, while the waits of commits for it are cancelled. Returns when transactions
   * saw what the standby does not have.
   */
  failOverWaiting(): Promise<LostPeriod>;
  /** The same with a standby that receives nothing for `durationMs`. Returns when commits were lost. */
  failOverAsync(durationMs: number): Promise<LostPeriod>;
  /** Takes a base backup, kills the server after `durationMs`, and starts the backup in its place. */
  restoreBackup(durationMs: number): Promise<LostPeriod>;
  /**
   * Restores a dump into a new server, kills the old one after `durationMs`, and puts the new one in its place. Between these
   * `whileDown` runs.
   */
  restoreDump(durationMs: number, whileDown: () => Promise<void>): Promise<LostPeriod>;
  /** Leaves no space on the disk for `durationMs`; the server is started again when it ends for that. */
  fillDisk(durationMs: number): Promise<void>;
  /** Stops the server and removes its files. */
  close(): Promise<void>;
}

/**
 * fsync is not needed: data written to the operating system survives a killed process. A standby reads its log from the
 * primary.
 */
const SETTINGS = { fsync: 'off', max_connections: '150', wal_keep_size: '512MB' };
const DISK_BYTES = 3 * 1024 ** 3;
/** Answers that were sent before a kill arrive before another server takes over. */
const IN_FLIGHT_MS = 1_000;
/** How often waits of commits are cancelled. */
const CANCELLATIONS = 20;
const CANCELLATION_PAUSE_MS = 100;

export async function startFaultDatabase(): Promise<FaultDatabase> {
  const root = mkdtempSync(join(tmpdir(), 'progression-faults-'));
  await chmod(root, 0o711);
  const hasOwnDisk = mountDisk(root);
  const current = join(root, 'current');
  let number = 0;
  let directory = '';
  let postgres: EmbeddedPostgres;

  const newDirectory = () => join(root, `server-${++number}`);

  /** Puts the server in charge: connections by `current` lead to it. */
  function use(started: EmbeddedPostgres, itsDirectory: string): void {
    postgres = started;
    directory = itsDirectory;
    symlinkSync(dirname(socketOf(started.url)), `${current}.new`);
    renameSync(`${current}.new`, current);
  }

  const start = (dataDir: string, log: (line: string) => void = () => {}) =>
    startEmbeddedPostgres({ dataDir, log, settings: SETTINGS });

  /** Ends the postmaster; its other processes end when they notice. */
  async function kill(): Promise<void> {
    const pid = Number.parseInt(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8'), 10);
    const { lost } = postgres;
    process.kill(pid, 'SIGKILL');
    await lost;
  }

  /** A standby of the server in charge; `promoted` resolves when it has been promoted. */
  async function startStandby() {
    const standby = newDirectory();
    const data = join(directory, 'postgres');
    await takeBaseBackup({
      url: urlOf(current),
      dataDir: data,
      target: join(standby, 'postgres'),
      kind: 'STANDBY',
    });
    const isFollowing = Promise.withResolvers<void>();
    const primary = dirname(socketOf(postgres.url));
    // In this file, because a setting of the command line could not be changed.
    appendFileSync(
      join(standby, 'postgres', 'postgresql.auto.conf'),
      `primary_conninfo = 'host=${primary} user=postgres'\n`,
    );
    const promoted = start(standby, (line) => {
      if (/ready to accept read-only connections/.test(line)) {
        isFollowing.resolve();
      }
    });
    promoted.catch(isFollowing.reject);
    await isFollowing.promise;
    await until(urlOf(current), `select count(*) = 1 from pg_stat_replication where state = 'streaming'`);
    return { standby, promoted, url: urlOf(join(standby, 'postgres')) };
  }

  /** A standby that each commit waits for. */
  async function startSynchronousStandby() {
    const standby = await startStandby();
    await ask(urlOf(current), `alter system set synchronous_standby_names = '*'`);
    await ask(urlOf(current), 'select pg_reload_conf()');
    await until(urlOf(current), `select count(*) = 1 from pg_stat_replication where sync_state = 'sync'`);
    return standby;
  }

  /** Ends replication to the standby. */
  async function disconnect({ url }: { readonly url: string }): Promise<void> {
    await ask(url, `alter system set primary_conninfo = ''`);
    await ask(url, 'select pg_reload_conf()');
    await until(url, 'select count(*) = 0 from pg_stat_wal_receiver');
  }

  async function promote({
    standby,
    promoted,
    url,
  }: Awaited<ReturnType<typeof startStandby>>): Promise<void> {
    const old = directory;
    await kill();
    await delay(IN_FLIGHT_MS);
    await ask(url, 'select pg_promote()');
    use(await promoted, standby);
    rmSync(old, { recursive: true, force: true });
  }

  const first = newDirectory();
  mkdirSync(first);
  use(await start(first), first);
  return {
    url: urlOf(current),
    socket: join(current, SOCKET),
    hasOwnDisk,
    async killPostmaster() {
      await kill();
      use(await start(directory), directory);
    },
    async failOverSync(durationMs) {
      const standby = await startSynchronousStandby();
      await delay(durationMs);
      await promote(standby);
    },
    async failOverWaiting() {
      const standby = await startSynchronousStandby();
      const fromMs = Date.now();
      await disconnect(standby);
      for (let count = 0; count < CANCELLATIONS; count += 1) {
        await ask(
          urlOf(current),
          `select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'`,
        );
        await delay(CANCELLATION_PAUSE_MS);
      }
      await promote(standby);
      return { fromMs, untilMs: Date.now() };
    },
    async failOverAsync(durationMs) {
      const standby = await startStandby();
      const fromMs = Date.now();
      const written = await ask(urlOf(current), 'select pg_current_wal_flush_lsn()::text');
      await until(standby.url, `select pg_last_wal_receive_lsn() >= '${written}'::pg_lsn`);
      await disconnect(standby);
      await delay(durationMs);
      await promote(standby);
      return { fromMs, untilMs: Date.now() };
    },
    async restoreBackup(durationMs) {
      const backup = newDirectory();
      const fromMs = Date.now();
      await takeBaseBackup({
        ...{ url: urlOf(current), dataDir: join(directory, 'postgres') },
        ...{ target: join(backup, 'postgres'), kind: 'BACKUP' },
      });
      await delay(durationMs);
      const old = directory;
      await kill();
      await delay(IN_FLIGHT_MS);
      const started = await start(backup);
      const untilMs = Date.now();
      use(started, backup);
      rmSync(old, { recursive: true, force: true });
      return { fromMs, untilMs };
    },
    async restoreDump(durationMs, whileDown) {
      const restored = newDirectory();
      mkdirSync(restored);
      const started = await start(restored);
      const fromMs = Date.now();
      await copyDump({
        ...{ from: urlOf(current), to: started.url, directory: join(root, 'dump') },
        dataDir: join(directory, 'postgres'),
      });
      await delay(durationMs);
      const old = directory;
      await kill();
      await delay(IN_FLIGHT_MS);
      await whileDown();
      const untilMs = Date.now();
      use(started, restored);
      rmSync(old, { recursive: true, force: true });
      return { fromMs, untilMs };
    },
    async fillDisk(durationMs) {
      const ballast = join(root, 'ballast');
      const { lost } = postgres;
      let isLost = false;
      lost.then(() => {
        isLost = true;
      });
      await fillWithZeros(ballast);
      await delay(durationMs);
      rmSync(ballast);
      if (isLost) {
        use(await start(directory), directory);
      }
    },
    async close() {
      await postgres.stop();
      if (hasOwnDisk) {
        execFileSync('umount', ['-l', root]);
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const SOCKET = '.s.PGSQL.5432';

function urlOf(socketDirectory: string): string {
  return `postgres://postgres@${encodeURIComponent(socketDirectory)}:5432/postgres`;
}

function socketOf(url: string): string {
  return join(decodeURIComponent(/@([^:/]+):/.exec(url)?.[1] ?? ''), SOCKET);
}

/** Gives the directory a disk of its own, in memory; that needs Linux and its root. */
function mountDisk(directory: string): boolean {
  try {
    const options = `size=${DISK_BYTES},mode=0711`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Writes until the disk is full. */
async function fillWithZeros(path: string): Promise<void> {
  const file = await open(path, 'w');
  const zeros = Buffer.alloc(1024 * 1024);
  try {
    for (;;) {
      await file.write(zeros);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') {
      throw error;
    }
  } finally {
    await file.close();
  }
}
