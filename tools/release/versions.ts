/** The places that name the version of a release. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Each pattern matches what stands before the version; the version follows. */
const PLACES: readonly (readonly [file: string, before: RegExp])[] = [
  ['package.json', /^ {2}"version": "/m],
  ['package-lock.json', /^ {2}"version": "/m],
  ['package-lock.json', /^ {6}"version": "/m],
  ['clients/typescript/package.json', /^ {2}"version": "/m],
  ['clients/typescript/README.md', /progression-client-/],
  ['clients/python/pyproject.toml', /^version = "/m],
  ['deploy/helm/progression-service/Chart.yaml', /^version: /m],
  ['deploy/helm/progression-service/Chart.yaml', /^appVersion: /m],
];

const VERSION = /\d+\.\d+\.\d+/;

/** The version that each place names, by its file and line. */
export function readVersions(): Map<string, string> {
  return new Map(
    PLACES.map(([file, before]) => {
      const found = new RegExp(`${before.source}(${VERSION.source})`, before.flags).exec(read(file));
      return [`${file}: ${before.source}`, found?.[1] ?? 'none'];
    }),
  );
}

export function writeVersion(version: string): void {
  for (const [file, before] of PLACES) {
    const pattern = new RegExp(`(${before.source})${VERSION.source}`, before.flags);
    writeFileSync(join(ROOT, file), read(file).replace(pattern, `$1${version}`));
  }
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
