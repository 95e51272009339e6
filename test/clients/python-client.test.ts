/** The Python client, installed into a folder of its own and run by its suite. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/errors/error-table.ts';
import { hasPythonPackages } from '../interop/python.ts';
import { type ClientStage, startClientStage } from './client-stage.ts';

const run = promisify(execFile);
const PYTHON = '/usr/bin/python3';
const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = join(ROOT, 'clients', 'python');
const CASES = join(ROOT, 'clients', 'cases.json');
const INSTALL_MS = 120_000;
const SUITE_MS = 90_000;

/** Scenarios beside the shared cases. */
const SCENARIOS = 16;

test('the client knows every reason of the service', () => {
  const text = readFileSync(join(PACKAGE, 'src', 'progression_client', 'reasons.py'), 'utf8');
  expect([...text.matchAll(/^ {4}"(\w+)",$/gm)].map(([, reason]) => reason)).toEqual(
    Object.keys(ERROR_TABLE),
  );
});

const lacksPython = !hasPythonPackages();
const name = `the installed client${lacksPython ? ' (needs python3-grpcio and python3-grpc-tools)' : ''}`;

describe.skipIf(lacksPython && !process.env.REQUIRE_PYTHON)(name, () => {
  let directory: string;
  let stage: ClientStage;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'progression-client-'));
    await run(PYTHON, [join(PACKAGE, 'generate.py')]);
    cpSync(join(PACKAGE, 'src'), directory, { recursive: true });
    stage = await startClientStage();
  }, INSTALL_MS);
  afterAll(async () => {
    await stage?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test(
    'answers every case of the suite',
    async () => {
      const env = { ...process.env, PYTHONPATH: directory, PYTHONDONTWRITEBYTECODE: '1' };
      const script = join(PACKAGE, 'suite.py');
      // What it printed before it failed or hung says where.
      const { stdout } = await run(PYTHON, [script, JSON.stringify(stage.parts), CASES], {
        env,
        timeout: SUITE_MS,
      }).catch((error) => error);
      const lines = stdout.trim().split('\n');
      expect(lines.filter((line: string) => !line.startsWith('ok '))).toEqual([]);
      expect(lines.length).toBe(JSON.parse(readFileSync(CASES, 'utf8')).length + SCENARIOS);
    },
    INSTALL_MS,
  );
});
