/** A campaign in which each call arrives many times at once, at all servers; then the history is checked. */
import { setTimeout as delay } from 'node:timers/promises';
import { type CampaignReport, finishCampaign } from './fault-campaign.ts';
import { openTestBed } from './test-bed.ts';

export interface DuplicatesOptions {
  readonly root: string;
  readonly seed: number;
  readonly servers: number;
  readonly settleMs?: number;
  /** Number of calls, each sent `copies` times. */
  readonly calls: number;
  readonly copies: number;
}

const CLIENTS = 2;
const LONGEST_MS = 30 * 60_000;

export async function runDuplicates({
  calls,
  copies,
  ...options
}: DuplicatesOptions): Promise<CampaignReport> {
  const population = { accounts: 2, athletesPerAccount: 60, recurringTriggers: 0 };
  const testBed = await openTestBed({ ...options, population });
  try {
    const startedAtMs = performance.now();
    testBed.startClients(CLIENTS, options.seed, { kind: 'DUPLICATES', calls: calls / CLIENTS, copies });
    await Promise.race([
      Promise.all(testBed.clients.map(({ done }) => done)),
      delay(LONGEST_MS, undefined, { ref: false }),
    ]);
    return await finishCampaign(testBed, options.seed, startedAtMs, calls);
  } finally {
    await testBed.close();
  }
}
