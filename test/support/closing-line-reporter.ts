/** Ends a run with one line: its counts, and the tests that were skipped. */
import type { Reporter, TestModule } from 'vitest/node';
import { HAS_REDIS } from './redis-server.ts';

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let withoutRedis = 0;
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that could not be loaded, or a set-up that failed, has no test to count, and is a failure all the same.
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) {
        counts.failed += suite.errors().length;
      }
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        withoutRedis += state === 'skipped' && !HAS_REDIS && test.fullName.includes('Redis') ? 1 : 0;
        counts[state === 'pending' ? 'failed' : state] += 1;
      }
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    const notice =
      withoutRedis > 0
        ? `The Redis suite did not run (${withoutRedis} tests): there is no redis-server on the PATH\n`
        : '';
    process.once('exit', () =>
      process.stdout.write(`${notice}${counts.passed} passed, ${counts.failed} failed${skipped}\n`),
    );
  }
}
