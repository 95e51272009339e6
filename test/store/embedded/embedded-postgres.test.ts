/** The embedded PostgreSQL: first start, second start, in use, interrupted, killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDatabase } from '../../../src/store/database.ts';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/store/embedded/embedded-postgres.ts';
import { createPostgresLauncher, followProcess } from '../../../src/store/embedded/postgres-launcher.ts';
import { ownerMark } from '../../../src/store/embedded/running-postgres.ts';
import { readRows } from '../schema-dump.ts';

let temporary: string;
let dataDir: string;
let running: EmbeddedPostgres[];
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'progression-embedded-'));
  dataDir = join(temporary, 'data');
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((postgres) => postgres.stop()));
  await rm(temporary, { recursive: true, force: true });
});

/** Above the largest that Linux gives. */
const DEAD_PID = 4_194_999;
const ignore = () => undefined;

async function start(log: (line: string) => void = ignore): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  running.push(postgres);
  return postgres;
}

async function ask(url: string, query: string): Promise<unknown[]> {
  const database = openDatabase(url, { connections: 1, connectionWaitMs: 5_000 });
  try {
    return await readRows(database, sql.raw(query));
  } finally {
    await database.close();
  }
}

interface Owner {
  readonly process: ChildProcess;
  /** 'started', or its error. */
  readonly outcome: string;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** A process of its own that runs the embedded PostgreSQL on the same directory. */
async function startOwner(): Promise<Owner> {
  const owner = fork(join(import.meta.dirname, 'embedded-postgres-owner.ts'), [dataDir], { execArgv: [] });
  const exit = once(owner, 'exit');
  const [outcome] = await once(owner, 'message');
  return {
    process: owner,
    outcome,
    async end(signal) {
      owner.kill(signal);
      await exit;
    },
  };
}

const serverDirectory = () => join(dataDir, 'postgres');
const pidFile = () => join(serverDirectory(), 'postmaster.pid');
const serverPid = async () => Number.parseInt(await readFile(pidFile(), 'utf8'), 10);

test('data are kept over a stop and a second start', async () => {
  const first = await start();
  await ask(first.url, 'create table notes as select 42 as answer');
  await first.stop();

  const second = await start();

  expect(await ask(second.url, 'select answer from notes')).toEqual([{ answer: 42 }]);
});

test('it listens on no port, and only its own user can enter the directory of its socket', async () => {
  const { url } = await start();

  expect(await ask(url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
  const directory = await stat(decodeURIComponent(new URL(url).hostname));
  expect(directory.mode & 0o077).toBe(0);
});

test('a data directory with a long path works as well', async () => {
  dataDir = join(temporary, 'a'.repeat(120));

  const { url, stop } = await start();

  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await stop();
  await expect(stat(decodeURIComponent(new URL(url).hostname))).rejects.toThrow(/ENOENT/);
});

test('a path with a comma works as well, also where the directory for temporary files cannot be used', async () => {
  dataDir = join(temporary, 'data, with a comma');
  for (const temporaryFiles of [tmpdir(), '/nowhere', join(temporary, 'x'.repeat(120))]) {
    await mkdir(temporaryFiles, { recursive: true }).catch(() => undefined);
    vi.stubEnv('TMPDIR', temporaryFiles);
    const { url, stop } = await start();
    vi.unstubAllEnvs();
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await stop();
  }
});

test.skipIf(process.getuid?.() !== 0)(
  'data of another user are refused in one line, and left alone',
  async () => {
    await (await start()).stop();
    const directory = join(dataDir, 'postgres');
    await chown(directory, 65_534, 65_534);

    await expect(start()).rejects.toThrow(
      new RegExp(
        `^the data directory ${directory} belongs to the user 65534, and PostgreSQL runs as \\d+; [^\n]+$`,
      ),
    );
    expect((await stat(directory)).uid).toBe(65_534);
  },
);

test('a directory that a running process uses is refused in one line, and that process goes on', async () => {
  const owner = await startOwner();

  await expect(start()).rejects.toThrow(
    new RegExp(`^the data directory ${serverDirectory()} is in use by process ${owner.process.pid};[^\n]*$`),
  );

  owner.process.send('ask');
  expect((await once(owner.process, 'message'))[0]).toEqual([{ one: 1 }]);
  await owner.end('SIGTERM');
});

test('of two first starts at the same time one succeeds, and the other is told that the directory is in use', async () => {
  const owners = await Promise.all([startOwner(), startOwner()]);

  const outcomes = owners.map(({ outcome }) => outcome).toSorted();
  await Promise.all(owners.map((owner) => owner.end('SIGTERM')));
  expect(outcomes).toEqual(['started', expect.stringMatching(/^the data directory .* is in use by/)]);
  expect(await readdir(dataDir)).toEqual(['postgres']);
});

test('after its owner was killed the next start works at once on the same data', async () => {
  const owner = await startOwner();
  await owner.end('SIGKILL');

  const { url } = await start();

  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('an orphan that outlived its owner is stopped, and what it committed is kept', async () => {
  const first = await start();
  await first.stop();
  const settings = [`cluster_name=${ownerMark(DEAD_PID)}`, `unix_socket_directories=${serverDirectory()}`];
  const flags = [...settings, 'listen_addresses='].flatMap((setting) => ['-c', setting]);
  const orphan = followProcess(
    createPostgresLauncher(dataDir).start('postgres', ['-D', serverDirectory(), ...flags]),
    ignore,
  );
  expect(await orphan.ready).toBe(true);
  await ask(first.url, 'create table notes as select 42 as answer');

  const { url } = await start();

  expect(await orphan.exitCode).toBe(0);
  expect(await ask(url, 'select answer from notes')).toEqual([{ answer: 42 }]);
});

test('a server that was killed reports it, and leaves nothing that blocks the next start', async () => {
  const { lost } = await start();
  process.kill(await serverPid(), 'SIGKILL');
  await lost;

  const { url } = await start();

  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a stale pid file does not block, even when another PostgreSQL has that process id by now', async () => {
  await (await start()).stop();
  const other = join(temporary, 'other');
  running.push(await startEmbeddedPostgres({ dataDir: other, log: ignore }));
  for (const file of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
    await cp(join(other, 'postgres', file), join(serverDirectory(), file));
  }

  const { url } = await start();

  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('an interrupted set-up is started again from nothing', async () => {
  await mkdir(join(dataDir, `postgres-new-${DEAD_PID}`, 'base'), { recursive: true });
  await writeFile(join(dataDir, `postgres-new-${DEAD_PID}`, 'PG_VERSION'), '18\n');

  const { url } = await start();

  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(await readdir(dataDir)).toEqual(['postgres']);
});

test('data of another PostgreSQL version is refused in one line', async () => {
  const first = await start();
  await first.stop();
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '12\n');

  await expect(start()).rejects.toThrow(
    /^PostgreSQL does not start on [^\n]*: database files are incompatible[^\n]*$/,
  );
});

test('a directory with files of something else is refused and left alone', async () => {
  await mkdir(join(dataDir, 'postgres'), { recursive: true });
  await writeFile(join(dataDir, 'postgres', 'novel.txt'), 'It was a dark and stormy night');

  await expect(start()).rejects.toThrow(/^[^\n]*\/postgres is not a PostgreSQL data directory[^\n]*$/);

  expect(await readdir(dataDir)).toEqual(['postgres']);
  expect(await readdir(join(dataDir, 'postgres'))).toEqual(['novel.txt']);
});

test('a data directory that cannot be created is refused in one line', async () => {
  await writeFile(join(temporary, 'file'), '');
  dataDir = join(temporary, 'file', 'below');

  await expect(start()).rejects.toThrow(/^DATA_DIR cannot be used: ENOTDIR[^\n]*$/);
});

test('the output of PostgreSQL goes to the log and nowhere else', async () => {
  const lines: string[] = [];

  const { stop } = await start((line) => lines.push(line));
  await stop();

  expect(lines.join('\n')).toMatch(/ready to accept connections[\s\S]*database system is shut down/);
});
