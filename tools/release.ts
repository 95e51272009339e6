/**
 * Makes a release: npm run release -- 0.3.0. Sets the version, dates the changelog, keeps the contract as
 * proto/released/<version>.binpb, and writes the packages and their bill of materials into release/. Without a version it
 * writes the artifacts only. Commits nothing.
 */
import { execFileSync } from 'node:child_process';
import { globSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeArtifacts } from './release/artifacts.ts';
import { releaseChanges } from './release/changelog.ts';
import { ROOT, read, writeVersion } from './release/versions.ts';

const RELEASED = join(ROOT, 'proto', 'released');

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
  const image = join(RELEASED, `${next}.binpb`);
  const before = globSync('*.binpb', { cwd: RELEASED });
  execFileSync('buf', ['build', 'proto', '--exclude-source-info', '--output', image], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  for (const name of before.filter((name) => name !== `${next}.binpb`)) {
    rmSync(join(RELEASED, name));
  }
}
