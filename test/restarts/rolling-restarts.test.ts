/** Clients that retry as documented see no failure during restarts; `npm run restarts` runs more of them. */
import { expect, test } from 'vitest';
import { useTestDatabasePerTest } from '../support/test-database.ts';
import { restartUnderLoad } from './rolling-restarts.ts';

const CALLS_PER_SECOND = 50;
/** A busy machine takes some seconds to start a process. */
const TIMEOUT_MS = 180_000;

const db = useTestDatabasePerTest();

test(
  'servers that are stopped one after the other lose no call',
  async () => {
    const report = await restartUnderLoad({
      databaseUrl: db.url,
      restarts: 6,
      signal: 'SIGTERM',
      callsPerSecond: CALLS_PER_SECOND,
      drainPauseMs: 200,
    });

    expect(report).toMatchObject({ restarts: 6, failures: [], discrepancies: [] });
    expect(report.acknowledgedWrites).toBeGreaterThan(100);
  },
  TIMEOUT_MS,
);

test(
  'killed servers neither repeat a call nor lose an acknowledged one',
  async () => {
    const report = await restartUnderLoad({
      databaseUrl: db.url,
      restarts: 2,
      signal: 'SIGKILL',
      callsPerSecond: CALLS_PER_SECOND,
      drainPauseMs: 0,
    });

    expect(report).toMatchObject({ restarts: 2, discrepancies: [] });
    expect(report.acknowledgedWrites).toBeGreaterThan(30);
  },
  TIMEOUT_MS,
);
