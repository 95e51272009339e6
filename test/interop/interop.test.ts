/** Clients that share no code with the service run one suite against it, over a real socket. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasCommand } from '../support/commands.ts';
import { createNodeSuite } from './node-client.ts';
import { hasPythonPackages, preparePython } from './python.ts';
import { CASES, type Case, type Stage, setStage } from './stage.ts';

const run = promisify(execFile);

let stage: Stage;
let directory: string;
let image: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'progression-interop-'));
  image = join(directory, 'image.binpb');
  stage = await setStage();
  await run('buf', ['build', '--output', image]);
});
afterAll(async () => {
  await stage?.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('@grpc/grpc-js with the protobuf library it comes with', () => {
  let suite: Record<Case, () => Promise<void>>;
  beforeAll(() => {
    suite = createNodeSuite(stage);
  });

  test.each(CASES)('%s', (name) => suite[name]());
});

const lacksPython = !hasPythonPackages();
const python = `a generated Python client${lacksPython ? ' (needs python3-grpcio and python3-grpc-tools)' : ''}`;

describe.skipIf(lacksPython && !process.env.REQUIRE_PYTHON)(python, () => {
  const outcomes = new Map<string, string>();
  let retriedRequestId: string;
  beforeAll(async () => {
    const parts = stage.parts();
    ({ retriedRequestId } = parts);
    const runScript = await preparePython(image, directory);
    for (const line of await runScript(join(import.meta.dirname, 'client.py'), JSON.stringify(parts))) {
      const [, verdict, name, why] = /^(ok|FAILED) ([^:]+)(.*)$/.exec(line) ?? [];
      outcomes.set(`${name}`, `${verdict}${why}`);
    }
  });

  test('answers every case, and no other', () => {
    expect([...outcomes.keys()]).toEqual([...CASES]);
  });

  test.each(CASES)('%s', (name) => {
    expect(outcomes.get(name)).toBe('ok');
  });

  test('calls four times by the published service config', () => {
    expect(stage.attemptsOf(retriedRequestId)).toBe(4);
  });
});

describe('tools that have only the address', () => {
  test.each(['grpc', 'grpcweb', 'connect'])(
    'buf curl finds methods by reflection and speaks %s',
    async (protocol) => {
      const { accountId, userId } = stage.parts();
      const { stdout } = await run('buf', [
        'curl',
        '--http2-prior-knowledge',
        `--protocol=${protocol}`,
        `--header=x-account-id: ${accountId}`,
        `--data={"userId":"${userId}"}`,
        `${stage.url}/progression.v1.UserService/GetUser`,
      ]);
      expect(JSON.parse(stdout)).toMatchObject({ user: { id: userId } });
    },
  );

  const HTTP_VERSIONS = ['--http1.1', '--http2-prior-knowledge'];
  test.skipIf(!hasCommand('curl')).each(HTTP_VERSIONS)('curl posts JSON with %s', async (version) => {
    const { accountId, userId } = stage.parts();
    const { stdout } = await run('curl', [
      version,
      '--silent',
      ...['--header', 'content-type: application/json', '--header', `x-account-id: ${accountId}`],
      ...['--data', `{"userId":"${userId}"}`],
      `${stage.url}/progression.v1.UserService/GetUser`,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ user: { id: userId } });
  });
});

test('a call that its caller cancelled writes nothing when the athlete is free', async () => {
  expect(await stage.releaseAndCount('requests')).toBe(0);
  expect(await stage.releaseAndCount('progression_logs')).toBe(0);
});
