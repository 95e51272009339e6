/** Ends a run with one line: its counts, and the tests that were skipped. */
import type { Reporter, TestModule } from 'vitest/node';
import { HAS_CHROMIUM, HAS_NGINX } from './commands.ts';
import { HAS_REDIS } from './redis-server.ts';

/** Programs that this machine does not have, by the name in the tests that need them. */
const LACKING = [
  ...(HAS_REDIS ? [] : [{ name: 'Redis', command: 'redis-server' }]),
  ...(HAS_CHROMIUM ? [] : [{ name: 'Chromium', command: 'chromium' }]),
  ...(HAS_NGINX ? [] : [{ name: 'nginx', command: 'nginx' }]),
];

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const skippedNames: string[] = [];
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that could not be loaded, or a set-up that failed, has no test to count, but is a failure.
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) {
        counts.failed += suite.errors().length;
      }
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'skipped') {
          skippedNames.push(test.fullName);
        }
        counts[state === 'pending' ? 'failed' : state] += 1;
      }
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    const notices = LACKING.flatMap(({ name, command }) => {
      const left = skippedNames.filter((each) => each.includes(name)).length;
      return left > 0
        ? [`The ${name} suite did not run (${left} tests): there is no ${command} on the PATH\n`]
        : [];
    });
    process.once('exit', () =>
      process.stdout.write(`${notices.join('')}${counts.passed} passed, ${counts.failed} failed${skipped}\n`),
    );
  }
}
