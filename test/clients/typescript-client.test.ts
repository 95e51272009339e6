/** The TypeScript client as it is published: packed, unpacked beside its dependencies, and run by its suite. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REASONS } from '../../clients/typescript/src/reasons.ts';
import { ERROR_TABLE } from '../../src/errors/error-table.ts';
import { type ClientStage, startClientStage } from './client-stage.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = join(ROOT, 'clients', 'typescript');
const CASES = join(ROOT, 'clients', 'cases.json');
const BUILD_MS = 120_000;
const SUITE_MS = 90_000;

/** Scenarios beside the shared cases. */
const SCENARIOS = 16;

test('the client knows every reason of the service', () => {
  expect([...REASONS]).toEqual(Object.keys(ERROR_TABLE));
});

describe('the packed client', () => {
  let directory: string;
  let stage: ClientStage;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'progression-client-'));
    await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: PACKAGE });
    const modules = join(directory, 'node_modules');
    mkdirSync(join(modules, 'progression-client'), { recursive: true });
    const unpack = 'tar -xzf "$0"/*.tgz -C "$0"/node_modules/progression-client --strip-components=1';
    await run('sh', ['-c', unpack, directory]);
    for (const name of ['@bufbuild', '@connectrpc', 'uuid', '@types']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
    stage = await startClientStage();
  }, BUILD_MS);
  afterAll(async () => {
    await stage?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('holds built JavaScript, types and its README', async () => {
    const { stdout } = await run('sh', ['-c', 'tar -tzf "$0"/*.tgz', directory]);
    const files = stdout.split('\n');
    expect(files).toContain('package/README.md');
    expect(files).toContain('package/dist/index.d.ts');
    expect(files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
  });

  test(
    'answers every case of the suite',
    async () => {
      const suite = join(directory, 'suite.mjs');
      await run('cp', [join(PACKAGE, 'suite.mjs'), suite]);
      // What it printed before it failed or hung says where.
      const { stdout } = await run(process.execPath, [suite, JSON.stringify(stage.parts), CASES], {
        timeout: SUITE_MS,
      }).catch((error) => error);
      const lines = stdout.trim().split('\n');
      expect(lines.filter((line: string) => !line.startsWith('ok '))).toEqual([]);
      expect(lines.length).toBe(JSON.parse(readFileSync(CASES, 'utf8')).length + SCENARIOS);
    },
    BUILD_MS,
  );
});
