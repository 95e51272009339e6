/** The command token: what it mints is accepted by a server that is started as it says. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createAuthenticator } from '../../src/server/access/authenticator.ts';
import { createLogger } from '../../src/server/logger.ts';
import { startCommand, urlIn } from '../support/service-process.ts';
import { createTestDatabase } from '../support/test-database.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'tools', 'token.ts');
const REPLAY = join(import.meta.dirname, '..', '..', 'tools', 'replay.ts');
const LOG = join(import.meta.dirname, 'fixtures', 'stronglifts.csv');
const ACCOUNT_ID = uuidv7();
const COACH = ['--account', ACCOUNT_ID, '--subject', 'coach-7', '--roles', 'coach,read-only'];

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'progression-token-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function token(args: string[], dataDir = join(directory, 'data')) {
  return run([COMMAND, ...args], { DATA_DIR: dataDir });
}

function replay(...args: string[]) {
  return run([REPLAY, LOG, ...args], {});
}

function run(command: string[], environment: Record<string, string>) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = { ...process.env, ...environment };
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** The settings of the command that it prints. */
function settingsIn(stderr: string): Record<string, string> {
  const line = stderr.split('\n').find((each) => each.endsWith(' npm start')) ?? '';
  return Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

test('a token is accepted by a server that is started as printed, also one minted later', async () => {
  const [first, second] = [await token(COACH), await token(COACH)];
  const { auth, limits } = readConfig(settingsIn(first.stderr));
  expect(auth.mode).toBe('jwt');
  const { authenticate } = await createAuthenticator(auth, limits, createLogger('silent'));
  for (const { stdout } of [first, second]) {
    const header = new Headers({ authorization: `Bearer ${stdout.trim()}` });
    expect(await authenticate({ header, tlsSocket: undefined })).toEqual({
      accountId: ACCOUNT_ID,
      subject: 'coach-7',
      roles: ['coach', 'read-only'],
    });
  }
});

test('a replay is permitted with the token in a file, and not without', { timeout: 60_000 }, async () => {
  const minted = await token([...COACH, '--roles', 'admin']);
  const file = join(directory, 'token');
  writeFileSync(file, minted.stdout);
  const db = await createTestDatabase();
  const service = startCommand(['serve'], { DATABASE_URL: db.url, ...settingsIn(minted.stderr) });
  try {
    const url = urlIn(await service.firstLine);
    expect(await replay('--url', url)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ refused: UNAUTHENTICATED: /),
    });
    expect(await replay('--url', url, '--token-file', file)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('12 sent'),
    });
  } finally {
    service.child.kill('SIGKILL');
    await service.ended;
    await db.close();
  }
});

test('only its owner can read the key', async () => {
  await token(COACH);
  expect(statSync(join(directory, 'data', 'development-key.pem')).mode & 0o777).toBe(0o600);
});

test.each([
  [[], 3_600],
  [['--ttl', '90s'], 90],
  [['--ttl', '2d'], 172_800],
])('with %j it is valid for %i s', async (more, seconds) => {
  const { stdout } = await token([...COACH, ...more]);
  const { iat = 0, exp = 0 } = decodeJwt(stdout.trim());
  expect(exp - iat).toBe(seconds);
});

describe('one clear line says', () => {
  const without = (name: string) =>
    COACH.filter((_, at) => ![COACH.indexOf(name), COACH.indexOf(name) + 1].includes(at));
  test.each<[string, string[], RegExp]>([
    ['that something is missing', without('--roles'), /^--account, --subject and --roles are needed/],
    ['that there is no such role', [...COACH, '--roles', 'coach,root'], /not "root"\n$/],
    ['that there is no such time', [...COACH, '--ttl', '1w'], /--ttl takes .* not "1w"\n$/],
    ['that there is no such option', [...COACH, '--admin'], /--admin/],
    ['that an account is a UUID', [...COACH, '--account', 'acme'], /--account is not a UUID\n$/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await token(args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });

  test('that the directory cannot be used', async () => {
    const { code, stderr } = await token(COACH, '/dev/null/data');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^no key in DATA_DIR \/dev\/null\/data: .*\n$/);
  });
});

test('help describes the command', async () => {
  expect(await token(['--help'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^usage: npm run --silent token/),
    stderr: '',
  });
});
