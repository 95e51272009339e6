/** Dependencies: documented, pinned, and separated by use. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { dependencies, optionalDependencies, devDependencies } = JSON.parse(read('package.json'));

test('every dependency has its line in docs/dependencies.md, and no other package has', () => {
  const explained = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);

  expect(explained.toSorted()).toEqual(
    Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies }).toSorted(),
  );
});

test('every version is exact', () => {
  const versions = Object.values({ ...dependencies, ...optionalDependencies, ...devDependencies });

  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(`${version}`))).toEqual([]);
});

test('the service imports no development dependency', () => {
  const files = globSync(['src/**/*.ts', 'migrations/*.ts'], { cwd: ROOT }).filter(
    (file) => !file.includes('/tools/'),
  );
  const imported = files.flatMap((file) =>
    [...read(file).matchAll(/from ['"]((?:@[^/'"]+\/)?[^./'"@][^/'"]*)/g)].map(([, name]) => `${name}`),
  );
  const packages = [...new Set(imported)].filter((name) => !name.startsWith('node:'));

  expect(packages).toContain('@mikro-orm/postgresql');
  expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
});
