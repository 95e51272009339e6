/**
 * The packages of a release. Node strips no types of packages in node_modules, so the service's package has JavaScript,
 * in the folders of the repository.
 */
import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, read } from './versions.ts';

const run = promisify(execFile);

/** Beside the code, where the code looks for it. */
const FILES = ['console/dist', 'proto', 'README.md', 'CHANGELOG.md', 'LICENSE'];

/** Packs the service into a directory; the path of the file. */
export async function packService(directory: string): Promise<string> {
  const stage = join(directory, 'progression-service');
  await run('node', [join(ROOT, 'console', 'ensure-built.ts')], { cwd: ROOT });
  await run('tsc', ['--project', join(ROOT, 'tools', 'release'), '--outDir', stage], { cwd: ROOT });
  for (const path of [...FILES, ...globSync('src/gen/*.json', { cwd: ROOT })]) {
    cpSync(join(ROOT, path), join(stage, path), { recursive: true });
  }
  const main = join(stage, 'src', 'main.js');
  writeFileSync(main, `#!/usr/bin/env node\n${readFileSync(main, 'utf8')}`);
  writeFileSync(join(stage, 'package.json'), JSON.stringify(manifest(), null, 2));
  return pack(stage, directory);
}

/** Packs the client for Node and browsers into a directory; the path of the file. */
export function packClient(directory: string): Promise<string> {
  return pack(join(ROOT, 'clients', 'typescript'), directory);
}

async function pack(folder: string, directory: string): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: folder });
  return join(directory, `${stdout.trim().split('\n').at(-1)}`);
}

/** What the service needs at run time. Its Node is the host's, which has to run HTTP/2 servers that drain. */
function manifest() {
  const { name, version, description, license, type, dependencies, optionalDependencies } = JSON.parse(
    read('package.json'),
  );
  const { node: _, ...needed } = dependencies;
  return {
    ...{ name, version, description, license, type, engines: { node: '>=24' } },
    bin: { [name]: 'src/main.js' },
    ...{ dependencies: needed, optionalDependencies },
  };
}
