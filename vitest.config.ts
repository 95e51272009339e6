/**
 * How the tests run: fast tests together in one process, without isolation; all others with one PostgreSQL for the run
 * and a database for each test; coverage thresholds for both.
 */
import { defineConfig } from 'vitest/config';
import { listFastTests } from './test/support/fast-tests.ts';

const fast = listFastTests(import.meta.dirname);

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'fast', include: fast, isolate: false } },
      {
        extends: true,
        test: {
          name: 'full',
          include: ['test/**/*.test.ts'],
          exclude: fast,
          globalSetup: ['test/support/postgres-server.ts'],
          setupFiles: ['test/support/guarded-statements.ts'],
        },
      },
    ],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: 3,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      exclude: ['src/gen/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        'src/progression/**': { lines: 90 },
        'src/catalog/**': { lines: 90 },
        'src/athletes/**': { lines: 90 },
        'src/filters/**': { lines: 90 },
        'src/automation/**': { lines: 90 },
        'src/events/**': { lines: 90 },
      },
    },
  },
});
