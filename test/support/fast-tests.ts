/** Finds the test files that need no database and no process, so that they can run alone, without isolation. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What a slow test, or a file that it imports, does: ask for the test database, or start a process or a server. Fake
 * timers need a process of their own as well, because modules that were loaded before keep the real ones.
 */
const SLOW_TEXT =
  /\binject\('|node:child_process|createServer\(|startServer\(|startEmbeddedPostgres\(|useFakeTimers\(/;
/** Compares every time zone with a second implementation, which takes half a minute. */
const SLOW_FILES = ['test/automation/time/schedule-oracle.test.ts'];

/** Paths relative to `root`, such as `test/filters/operators.test.ts`. */
export function listFastTests(root: string): string[] {
  const known = new Map<string, boolean>();

  function isFast(file: string): boolean {
    const found = known.get(file);
    if (found !== undefined) {
      return found;
    }
    // Assumed while its imports are visited, which may lead back to it.
    known.set(file, true);
    const text = readFileSync(join(root, file), 'utf8');
    const imports = [...text.matchAll(/^(?:import|export)\s[^;'"]*?from\s+'(\.[^']+\.ts)'/gm)];
    const result =
      !SLOW_TEXT.test(text) && imports.every(([, target]) => isFast(join(dirname(file), `${target}`)));
    known.set(file, result);
    return result;
  }

  return globSync('test/**/*.test.ts', { cwd: root })
    .filter((file) => !SLOW_FILES.includes(file) && isFast(file))
    .toSorted();
}
