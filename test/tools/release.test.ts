/** Releases: one version everywhere, a contract that later changes keep, and packages that run where they are installed. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { releaseChanges, releasedVersions } from '../../tools/release/changelog.ts';
import { packService } from '../../tools/release/packages.ts';
import {
  findPython,
  NEEDED_OF_PYTHON,
  packPythonClient,
  tryPythonClient,
} from '../../tools/release/python.ts';
import { ROOT, read, readVersions } from '../../tools/release/versions.ts';
import { startCommand, urlIn } from '../support/service-process.ts';
import { useTestDatabase } from '../support/test-database.ts';

const run = promisify(execFile);
const PROTO = join(ROOT, 'proto');
const [image] = globSync('released/*.binpb', { cwd: PROTO });
const { version, dependencies } = JSON.parse(read('package.json'));
const PACK_MS = 300_000;

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'progression-release-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('every place names the version of the newest release', () => {
  expect([...new Set(readVersions().values())]).toEqual([version]);
  expect(releasedVersions(read('CHANGELOG.md'))[0]).toBe(version);
  expect(globSync('released/*', { cwd: PROTO })).toEqual([`released/${version}.binpb`]);
  expect(globSync('released/*', { cwd: join(ROOT, 'test', 'store') })).toEqual([`released/${version}.txt`]);
});

describe('the changelog', () => {
  const text =
    '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [1.0.0] - 2026-01-01\n\n- It.\n';

  test('gives a version what was unreleased', () => {
    const released = releaseChanges(text, '1.1.0', '2026-02-03');
    expect(released).toContain('## [Unreleased]\n\n## [1.1.0] - 2026-02-03\n\n### Added\n\n- A thing.');
    expect(releasedVersions(released)).toEqual(['1.1.0', '1.0.0']);
  });

  test('gives no version twice, and none to nothing', () => {
    expect(() => releaseChanges(text, '1.0.0', '2026-02-03')).toThrow('has 1.0.0 already');
    const empty = releaseChanges(text, '1.1.0', '2026-02-03');
    expect(() => releaseChanges(empty, '1.2.0', '2026-02-03')).toThrow('nothing under Unreleased');
  });
});

describe('the contract', () => {
  /** What `buf breaking` says of a copy of the contract in which one file was changed. */
  async function breaksOf(change: (text: string) => string): Promise<string> {
    const copy = join(temporaryDirectory(), 'proto');
    cpSync(PROTO, copy, { recursive: true });
    const file = join(copy, 'progression', 'v1', 'user_service.proto');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    const config = JSON.stringify({ version: 'v2', breaking: { use: ['FILE'] } });
    const compare = ['breaking', copy, '--against', join(PROTO, `${image}`), '--config', config];
    const { stdout } = await run('buf', compare, { cwd: ROOT }).catch((error) => error);
    return stdout;
  }

  test('keeps all that the last release has', async () => {
    expect(await breaksOf((text) => text)).toBe('');
  });

  test('is not kept by a change of what the last release has', async () => {
    expect(await breaksOf((text) => text.replace(/^ {2}rpc GetUser\b/m, '  rpc FetchUser'))).toContain(
      '"GetUser"',
    );
  });
});

const python = await findPython();

describe.skipIf(!python)(`the package for Python${python ? '' : ` (needs ${NEEDED_OF_PYTHON})`}`, () => {
  test(
    'is built as an sdist and, of it, a wheel, which calls a server from a clean environment',
    async () => {
      const directory = temporaryDirectory();
      const { sdist, wheel } = await packPythonClient(`${python}`, directory);

      await tryPythonClient(`${python}`, join(directory, 'venv'), wheel, version);

      const { stdout } = await run('tar', ['-tzf', sdist]);
      expect(stdout).toContain('/src/progression/v1/user_service_pb2_grpc.py');
      expect(stdout).not.toMatch(/__pycache__|suite\.py/);
    },
    PACK_MS,
  );

  test(
    'that says another version than the release is refused',
    async () => {
      const directory = temporaryDirectory();
      const { wheel } = await packPythonClient(`${python}`, directory);
      const tried = tryPythonClient(`${python}`, join(directory, 'venv'), wheel, '9.9.9');
      await expect(tried).rejects.toThrow(/installed, says/);
    },
    PACK_MS,
  );
});

describe('the package of the service', () => {
  const db = useTestDatabase();

  test(
    'runs in a clean folder, with its console and its OpenAPI document',
    async () => {
      const directory = temporaryDirectory();
      const file = await packService(join(directory, 'packed'));
      const modules = join(directory, 'node_modules');
      const installed = join(modules, 'progression-service');
      mkdirSync(installed, { recursive: true });
      await run('tar', ['-xzf', file, '-C', installed, '--strip-components=1']);
      for (const name of new Set(Object.keys(dependencies).map((name) => name.split('/')[0]))) {
        symlinkSync(join(ROOT, 'node_modules', `${name}`), join(modules, `${name}`));
      }
      const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
      expect(manifest.devDependencies).toBeUndefined();
      expect(globSync('{src,migrations}/**/*.ts', { cwd: installed })).toEqual([]);

      const main = join(installed, manifest.bin['progression-service']);
      const service = startCommand(['serve'], { DATABASE_URL: db.url }, main);
      onTestFinished(async () => {
        service.child.kill('SIGTERM');
        await service.ended;
      });
      const url = urlIn(await service.firstLine);
      const { info } = (await (await fetch(`${url}/openapi.json`)).json()) as { info: { version: string } };
      expect(info.version).toBe(version);
      expect((await fetch(`${url}/console/`)).status).toBe(200);
    },
    PACK_MS,
  );
});
