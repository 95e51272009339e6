/**
 * Builds the console when a source is newer than the last build: a step of `npm run setup`. Without the development
 * dependencies, as in a production install, it changes nothing, and the server says that the console is not built.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(import.meta.dirname, 'dist');
const BUILT = join(DIST, 'index.html');
/** What the build reads. */
const SOURCES = ['console', 'src/gen', 'proto', 'package-lock.json'];

if (isStale() && isViteInstalled()) {
  const { build } = await import('vite');
  // Another process may read the last build, or make one, at the same time.
  const outDir = `${DIST}-${process.pid}`;
  await build({
    ...{ configFile: join(import.meta.dirname, 'vite.config.ts'), logLevel: 'warn' },
    build: { outDir },
  });
  rmSync(DIST, { recursive: true, force: true });
  renameSync(outDir, DIST);
}

function isStale(): boolean {
  const builtAt = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return SOURCES.flatMap(listFiles).some((path) => statSync(path).mtimeMs > builtAt);
}

function isViteInstalled(): boolean {
  return existsSync(join(ROOT, 'node_modules', 'vite', 'package.json'));
}

/** The files in a directory of the repository, or the file itself; without the results of a build. */
function listFiles(source: string): string[] {
  const path = join(ROOT, source);
  if (statSync(path).isFile()) {
    return [path];
  }
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(DIST));
}
