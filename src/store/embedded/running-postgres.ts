/** Detects a PostgreSQL that runs on a data directory, and cleans up after one that was killed. */

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../../errors/start-error.ts';

const OWNER_MARK = 'progression-service-';
const ORPHAN_STOP_MS = 30_000;
const POLL_MS = 20;

interface RunningProcess {
  readonly parentPid: number;
  readonly command: string;
}

/**
 * The cluster_name of a server that process `ownerPid` started, which is visible in its command line: when
 * the owner is no longer its parent, the server is an orphan. Unlike a lock file it cannot be stale, and a
 * reused process id cannot be mistaken.
 */
export function ownerMark(ownerPid: number): string {
  return `${OWNER_MARK}${ownerPid}`;
}

/**
 * Ensures that no server runs on `directory`, and that no leftover blocks a start. Stops an orphaned server.
 * Throws StartError when the directory is in use.
 */
export async function clearTheWay(directory: string): Promise<void> {
  const pid = recordedPid(directory);
  if (pid === undefined) {
    return;
  }
  const running = postgresOn(directory, pid);
  if (running) {
    const ownerPid = Number(new RegExp(`${OWNER_MARK}(\\d+)`).exec(running.command)?.[1]);
    if (!ownerPid || ownerPid === running.parentPid) {
      throw directoryInUse(directory, ownerPid || pid);
    }
    await stopOrphan(directory, pid);
  } else if (readProcess(pid)) {
    // Another program has the process id of the dead server, and PostgreSQL would take it for a running
    // server.
    rmSync(join(directory, 'postmaster.pid'), { force: true });
    rmSync(join(directory, '.s.PGSQL.5432.lock'), { force: true });
  }
}

export function isAlive(pid: number): boolean {
  return readProcess(pid) !== undefined;
}

export function directoryInUse(directory: string, pid?: number): StartError {
  const by = pid ? `process ${pid}` : 'another process';
  return new StartError(
    `the data directory ${directory} is in use by ${by}; stop it or set another DATA_DIR`,
  );
}

async function stopOrphan(directory: string, pid: number): Promise<void> {
  const giveUpAtMs = performance.now() + ORPHAN_STOP_MS;
  process.kill(pid, 'SIGINT');
  while (postgresOn(directory, pid)) {
    if (performance.now() > giveUpAtMs) {
      throw new StartError(`PostgreSQL ${pid}, left in ${directory} by a killed process, does not stop`);
    }
    await delay(POLL_MS);
  }
}

function recordedPid(directory: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(directory, 'postmaster.pid'), 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function postgresOn(directory: string, pid: number): RunningProcess | undefined {
  const running = readProcess(pid);
  return running && /postgres/.test(running.command) && worksIn(directory, pid, running)
    ? running
    : undefined;
}

function worksIn(directory: string, pid: number, running: RunningProcess): boolean {
  if (process.platform !== 'linux') {
    return running.command.includes(` -D ${directory} `);
  }
  try {
    const [here, there] = [statSync(directory), statSync(`/proc/${pid}/cwd`)];
    return here.ino === there.ino && here.dev === there.dev;
  } catch {
    return false;
  }
}

function readProcess(pid: number): RunningProcess | undefined {
  try {
    if (process.platform !== 'linux') {
      const line = spawnSync('ps', ['-o', 'ppid=,command=', '-p', `${pid}`], {
        encoding: 'utf8',
      }).stdout.trim();
      const match = /^(\d+)\s+(.*)$/.exec(line);
      return match ? { parentPid: Number(match[1]), command: `${match[2]}` } : undefined;
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const parentPid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { parentPid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
  } catch {
    return undefined;
  }
}
