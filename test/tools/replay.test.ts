/** The command as people run it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startTestService } from '../support/test-service.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'tools', 'replay.ts');
const LOG = join(import.meta.dirname, 'fixtures', 'stronglifts.csv');
const UNDATED = join(import.meta.dirname, 'fixtures', 'undecided-dates.csv');
const TIMEOUT_MS = 120_000;

/** The directory of temporary files, which must be empty afterwards. */
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'progression-replay-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const environment = () => ({ ...process.env, TMPDIR: directory });

function replay(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { env: environment() }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

test('without a URL it starts a temporary service, and removes it', { timeout: TIMEOUT_MS }, async () => {
  const { code, stdout, stderr } = await replay(LOG);

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^StrongLifts log: 5 sessions on stronglifts-5x5-lb\n/);
  expect(stdout).toMatch(/\nevents: 12 sent, 4 applied, 8 skipped \(no rule applied\), 0 replayed\n$/);
  expect(await readdir(directory)).toEqual([]);
});

test('at a URL, a second run changes nothing and says so', { timeout: TIMEOUT_MS }, async () => {
  const service = await startTestService();
  try {
    const first = await replay(LOG, '--url', service.url);
    const second = await replay(LOG, '--url', `${service.url}/`);

    expect([first.code, first.stdout]).toEqual([0, expect.not.stringContaining('nothing changed')]);
    expect([second.code, second.stdout]).toEqual([
      0,
      expect.stringMatching(/\nnothing changed: all 12 events were known\n$/),
    ]);
  } finally {
    await service.close();
  }
});

test('when it is stopped, it stops its service as well', { timeout: TIMEOUT_MS }, async () => {
  const command = spawn(process.execPath, [COMMAND, LOG], { env: environment(), stdio: 'ignore' });
  const ended = once(command, 'exit');
  await vi.waitUntil(async () => (await readdir(directory)).length > 0, { timeout: TIMEOUT_MS });
  command.kill('SIGTERM');

  expect(await ended).toEqual([143, null]);
  expect(await readdir(directory)).toEqual([]);
});

test('help describes the command', async () => {
  const { code, stdout } = await replay('--help');

  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^usage: npm run replay -- FILE \[--url URL \[--token-file FILE\]\] \[--program SLUG\] \[--units kg\|lb\]\n/,
  );
});

test('the options reach the reading of the file, and a dry run needs no more', {
  timeout: TIMEOUT_MS,
}, async () => {
  const files = join(directory, 'files');
  await mkdir(files);
  const [log, mapping] = [join(files, 'log.csv'), join(files, 'mapping.csv')];
  await writeFile(log, 'Date;Exercise Name;Set Order;Weight;Reps\n03/04/2024;Kniebeuge;1;102,5;5\n');
  await writeFile(mapping, 'exercise;lift\nKniebeuge;squat\n');
  const options = [
    '--units',
    'kg',
    '--dates',
    'day-first',
    '--mapping',
    mapping,
    '--program',
    'texas-method-kg',
  ];
  const { code, stdout, stderr } = await replay(log, ...options, '--dry-run');

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^dry run: nothing is written\nStrong log: 1 sessions on texas-method-kg\n/);
  expect(stdout).toMatch(/\nKniebeuge {2}squat {5}1\n\nrows: 1 read, 1 used, 0 not used\n/);
});

describe('an error is one line and the exit code 1', () => {
  test.each([
    [['no-such-file.csv'], /^no-such-file\.csv cannot be read: ENOENT\n$/],
    [[import.meta.dirname], /cannot be read: EISDIR\n$/],
    [[COMMAND], /^the file is no training log that is known here: its columns are .*\n$/],
    [
      [LOG, '--url', 'http://127.0.0.1:9'],
      /^no service answers at http:\/\/127\.0\.0\.1:9: .*ECONNREFUSED.*\n$/,
    ],
    [[LOG, '--token-file', 'token'], /^--token-file goes with --url; [^\n]*\n$/],
    [[LOG, '--url', 'localhost'], /^--url takes an address such as .*, not "localhost"\n$/],
    [[LOG, '--units', 'stone'], /^--units takes kg or lb, not "stone"\n$/],
    [
      [LOG, '--units', 'kg'],
      /^in another unit than the one asked for: 10; none of the 10 rows can be used\n$/,
    ],
    [[LOG, '--dates', 'us'], /^--dates takes day-first or month-first, not "us"\n$/],
    [[UNDATED], /^the file does not show whether .*; --dates day-first or --dates month-first decides it\n$/],
    [[LOG, '--mapping', LOG], /^the mapping .*stronglifts\.csv: its columns are .*, not exercise,lift\n$/],
    [[LOG, '--mapping', 'none.csv'], /^none\.csv cannot be read: ENOENT\n$/],
    [[LOG, '--loud'], /^Unknown option '--loud'.*\n$/],
    [[LOG, LOG], /^name one file; --help says more\n$/],
    [[], /^name one file; --help says more\n$/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await replay(...args);

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });
});
