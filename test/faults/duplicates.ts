/** Calls that arrive many times at once, at all servers; then the check. */
import { setTimeout as delay } from 'node:timers/promises';
import { type CampaignReport, reportOn } from './campaign.ts';
import { openStage } from './stage.ts';

export interface DuplicatesOptions {
  readonly root: string;
  readonly seed: number;
  readonly servers: number;
  readonly settleMs?: number;
  /** So many calls, each of them so many times. */
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
  const stage = await openStage({ ...options, population });
  try {
    const startedAtMs = performance.now();
    stage.startClients(CLIENTS, options.seed, { kind: 'DUPLICATES', calls: calls / CLIENTS, copies });
    await Promise.race([
      Promise.all(stage.clients.map(({ done }) => done)),
      delay(LONGEST_MS, undefined, { ref: false }),
    ]);
    return await reportOn(stage, options.seed, startedAtMs);
  } finally {
    await stage.close();
  }
}
