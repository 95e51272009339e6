/**
 * Makes a release: npm run release -- 0.3.0. Sets the version, dates the changelog, keeps the contract as
 * proto/released/<version>.binpb and the schema as test/store/released/<version>.txt, and writes the packages and their bill of materials into release/. Without a version it
 * writes the artifacts only. Commits nothing.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeArtifacts } from './release/artifacts.ts';
import { releaseChanges } from './release/changelog.ts';
import { ROOT, read, writeVersion } from './release/versions.ts';

const RELEASED = join(ROOT, 'proto', 'released');
const SCHEMAS = join(ROOT, 'test', 'store');

const [version] = process.argv.slice(2);
if (version !== undefined) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    process.stderr.write(`a version is such as 1.2.3; was "${version}"\n`);
    process.exit(2);
  }
  prepare(version);
}
const current = JSON.parse(read('package.json')).version as string;
const names = await writeArtifacts(join(ROOT, 'release'), current);
process.stdout.write(`${names.map((name) => `release/${name}`).join('\n')}\n`);
if (version !== undefined) {
  process.stdout.write(`commit the result, and tag it v${version}\n`);
}

function prepare(next: string): void {
  const changelog = releaseChanges(read('CHANGELOG.md'), next, new Date().toISOString().slice(0, 10));
  writeFileSync(join(ROOT, 'CHANGELOG.md'), changelog);
  writeVersion(next);
  // The OpenAPI document names the version.
  execFileSync('buf', ['generate'], { cwd: ROOT, stdio: 'inherit' });
  removeEarlier('*.binpb', RELEASED);
  removeEarlier('*.txt', join(SCHEMAS, 'released'));
  copyFileSync(join(SCHEMAS, 'schema.golden.txt'), join(SCHEMAS, 'released', `${next}.txt`));
  const image = join(RELEASED, `${next}.binpb`);
  execFileSync('buf', ['build', 'proto', '--exclude-source-info', '--output', image], {
    cwd: ROOT,
    stdio: 'inherit',
  });
}

/** Only the last release is kept. */
function removeEarlier(pattern: string, directory: string): void {
  for (const name of globSync(pattern, { cwd: directory })) {
    rmSync(join(directory, name));
  }
}
