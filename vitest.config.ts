/** How the tests run: one PostgreSQL for the run, a database per test, and coverage that cannot slip. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-server.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
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
