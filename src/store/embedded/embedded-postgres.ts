/** The embedded PostgreSQL: initialises, starts and stops a server that only this user can reach. */
import { once } from 'node:events';
import { constants, existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { access, mkdir, readdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../../errors/start-error.ts';
import {
  createPostgresLauncher,
  type FollowedProcess,
  followProcess,
  type PostgresLauncher,
} from './postgres-launcher.ts';
import { clearTheWay, directoryInUse, isAlive, ownerMark } from './running-postgres.ts';

export interface EmbeddedPostgres {
  readonly url: string;
  /** Settles with the server's last output line when the server ends on its own. */
  readonly lost: Promise<string>;
  /** Closes all connections, checkpoints, and resolves when the server has ended. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The data go to `postgres` in this directory; both directories are created when they are missing. */
  readonly dataDir: string;
  /** Called with each line of PostgreSQL's output. */
  readonly log: (line: string) => void;
  /** Server settings that override the defaults, such as `{ fsync: 'off' }` for temporary data. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The longest path of a unix socket, file name included: the smallest limit of the supported systems. */
const SOCKET_PATH_BYTES = 103;
const SOCKET_FILE = '.s.PGSQL.5432';
/** The child processes of a killed server need a moment to release its shared memory. */
const LEFTOVER_WAIT_MS = 10_000;
const LEFTOVER_POLL_MS = 100;

/**
 * Starts the server, and initialises it first when it does not exist. It listens on a unix socket in a
 * directory that only its owner (and root) can enter, and on no port, so that it needs no password. Throws
 * StartError when the directory is in use or the server does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = await makeDataDir(options.dataDir);
  const directory = join(dataDir, 'postgres');
  const launcher = createPostgresLauncher(dataDir);
  refuseForeignData(directory, launcher);
  await clearTheWay(directory);
  if (!isInitialised(directory)) {
    await initialise(launcher, dataDir, directory, options.log);
  }
  const socket = socketDirectory(launcher, directory);
  const server = await startServer(launcher, directory, socket, options);
  const url = `postgres://postgres@${encodeURIComponent(socket)}:5432/postgres`;
  return superviseServer(server, url, () => {
    if (socket !== directory) {
      rmSync(socket, { recursive: true, force: true });
    }
  });
}

async function makeDataDir(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true });
    const dataDir = await realpath(path);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return dataDir;
  } catch (error) {
    throw new StartError(`DATA_DIR cannot be used: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * PostgreSQL runs on its own user's data only. Throws StartError for those of another user, and for a directory of
 * another user in which this process cannot see what there is.
 */
function refuseForeignData(directory: string, { userId }: PostgresLauncher): void {
  const ownerId = statSync(directory, { throwIfNoEntry: false })?.uid;
  const isForeign = ownerId !== undefined && userId !== undefined && ownerId !== userId;
  if (isForeign && (isInitialised(directory) || process.getuid?.() !== 0)) {
    throw new StartError(
      `the data directory ${directory} belongs to the user ${ownerId}, and PostgreSQL runs as ${userId}; ` +
        'start as the other user, or set another DATA_DIR',
    );
  }
}

/**
 * Initialises in a temporary directory and renames it, so that an interrupted start leaves no partial data.
 */
async function initialise(
  launcher: PostgresLauncher,
  dataDir: string,
  directory: string,
  log: (line: string) => void,
): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = Number(/^postgres-new-(\d+)$/.exec(name)?.[1]);
    if (pid === process.pid || (pid && !isAlive(pid))) {
      rmSync(join(dataDir, name), { recursive: true, force: true });
    }
  }
  const unfinished = join(dataDir, `postgres-new-${process.pid}`);
  await mkdir(unfinished, { mode: 0o700 });
  launcher.handOver(unfinished);
  const initdb = followProcess(
    launcher.start('initdb', [
      `--pgdata=${unfinished}`,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ]),
    log,
  );
  if ((await initdb.exitCode) !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new StartError(`PostgreSQL could not be set up in ${dataDir}: ${initdb.lastWords()}`);
  }
  try {
    renameSync(unfinished, directory);
  } catch {
    rmSync(unfinished, { recursive: true, force: true });
    if (!isInitialised(directory)) {
      throw new StartError(
        `${directory} is not a PostgreSQL data directory; move it away or set another DATA_DIR`,
      );
    }
  }
}

function isInitialised(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION'));
}

/** The data directory, unless its path cannot be that of a socket; then a new directory for temporary files. */
function socketDirectory(launcher: PostgresLauncher, directory: string): string {
  if (canHoldSocket(directory)) {
    return directory;
  }
  for (const temporary of [tmpdir(), '/tmp']) {
    try {
      const short = mkdtempSync(join(temporary, 'progression-'));
      if (canHoldSocket(short)) {
        launcher.handOver(short);
        return short;
      }
      rmSync(short, { recursive: true });
    } catch {
      // Not there, or not writable.
    }
  }
  throw new StartError(
    `the path of DATA_DIR, ${directory}, is too long for a socket or has a comma, and neither TMPDIR nor /tmp has room ` +
      'for one; set another DATA_DIR',
  );
}

/** PostgreSQL takes several directories with commas between them. */
function canHoldSocket(directory: string): boolean {
  return Buffer.byteLength(join(directory, SOCKET_FILE)) <= SOCKET_PATH_BYTES && !directory.includes(',');
}

async function startServer(
  launcher: PostgresLauncher,
  directory: string,
  socket: string,
  options: EmbeddedPostgresOptions,
): Promise<FollowedProcess> {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socket,
    unix_socket_permissions: '0700',
    cluster_name: ownerMark(process.pid),
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const giveUpAtMs = performance.now() + LEFTOVER_WAIT_MS;
  for (;;) {
    const server = followProcess(
      launcher.start('postgres', ['-D', directory, '-p', '5432', ...flags]),
      options.log,
    );
    if (await server.ready) {
      return server;
    }
    const reason = server.lastWords();
    if (/lock file "postmaster.pid" already exists/.test(reason)) {
      throw directoryInUse(directory);
    }
    if (!/pre-existing shared memory block/.test(reason) || performance.now() > giveUpAtMs) {
      throw new StartError(`PostgreSQL does not start on ${directory}: ${reason}`);
    }
    await delay(LEFTOVER_POLL_MS);
  }
}

function superviseServer(server: FollowedProcess, url: string, cleanUp: () => void): EmbeddedPostgres {
  const { child } = server;
  let stopping = false;
  const stopNow = () => {
    stopping = true;
    child.kill('SIGINT');
  };
  process.once('exit', stopNow);
  return {
    url,
    lost: new Promise((resolve) => {
      child.once('close', () => {
        process.off('exit', stopNow);
        cleanUp();
        if (!stopping) {
          resolve(server.lastWords());
        }
      });
    }),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        stopNow();
        await once(child, 'close');
      }
    },
  };
}
