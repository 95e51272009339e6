/** A served process goes on by itself when its primary dies and a synchronous standby is promoted. */
import { expect, test } from 'vitest';
import { failOverUnderLoad } from './failover.ts';

const RECOVERY_MS = 5_000;
const TIMEOUT_MS = 180_000;

test(
  'a promoted standby that commits waited for has every acknowledged write, and takes writes within 5 s',
  async () => {
    const report = await failOverUnderLoad({ callsPerSecond: 50, eachMs: 3_000 });

    expect(report.discrepancies).toEqual([]);
    expect(report.acknowledgedBefore).toBeGreaterThan(20);
    expect(report.acknowledgedAfter).toBeGreaterThan(20);
    expect(report.firstWriteMs).toBeLessThan(RECOVERY_MS);
    expect(report.lastFailureMs).toBeLessThan(RECOVERY_MS);
  },
  TIMEOUT_MS,
);
