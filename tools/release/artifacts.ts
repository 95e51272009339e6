/** What is published of a release: the packages, tried in a clean folder, and the list of what they are made of. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { packClient, packService } from './packages.ts';
import { findPython, NEEDED_OF_PYTHON, packPythonClient, tryPythonClient } from './python.ts';
import { ROOT } from './versions.ts';

const run = promisify(execFile);
const LONGEST_SBOM_BYTES = 64 * 1024 * 1024;

/** Writes the artifacts of a version into a directory; their names. */
export async function writeArtifacts(directory: string, version: string): Promise<string[]> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const stage = mkdtempSync(join(tmpdir(), 'progression-release-'));
  try {
    const packages = [await packService(stage), await packClient(stage)];
    await tryInCleanFolder(join(stage, 'clean'), packages, version);
    const ofPython = await packForPython(stage, version);
    for (const path of [...packages, ...ofPython]) {
      await run('cp', [path, directory]);
    }
    const sbom = `progression-service-${version}.cdx.json`;
    writeFileSync(join(directory, sbom), await listComponents());
    return [...packages, ...ofPython].map((path) => basename(path)).concat(sbom);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The packages of the Python client, tried; none, and a line that says so, where Python has not what that needs. */
async function packForPython(stage: string, version: string): Promise<string[]> {
  const python = await findPython();
  if (python === undefined) {
    process.stderr.write(`the Python client is left out: it needs ${NEEDED_OF_PYTHON}\n`);
    return [];
  }
  const packed = await packPythonClient(python, stage);
  await tryPythonClient(python, join(stage, 'venv'), packed.wheel, version);
  return [packed.sdist, packed.wheel];
}

/** The software bill of materials of a production install, in the form of CycloneDX. */
async function listComponents(): Promise<string> {
  const { stdout } = await run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], {
    cwd: ROOT,
    maxBuffer: LONGEST_SBOM_BYTES,
  });
  return stdout;
}

/** Installs the packages as their users do, and runs both. */
async function tryInCleanFolder(folder: string, packages: readonly string[], version: string): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', '@connectrpc/connect-node'];
  await run('npm', [...install, ...packages], { cwd: folder });
  const { stdout } = await run(join('node_modules', '.bin', 'progression-service'), ['--version'], {
    cwd: folder,
  });
  if (!stdout.startsWith(`progression-service ${version},`)) {
    throw new Error(`the installed service says it is ${stdout}`);
  }
  const script = `import { createNodeClient } from 'progression-client/node';
    createNodeClient({ baseUrl: 'http://localhost:8080' });`;
  await run('node', ['--input-type=module', '--eval', script], { cwd: folder });
}
