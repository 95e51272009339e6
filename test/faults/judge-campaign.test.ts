/** A campaign passes only when it met traffic and the machine let the service answer. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeCampaign } from './judge-campaign.ts';
import type { Violation } from './run-history.ts';
import { startSupervisedServer } from './server-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const OVERLOADED: Violation = { rule: 'OVERLOADED', detail: 'a request was never answered' };
const LOST: Violation = { rule: 'ACKNOWLEDGED_IS_APPLIED', detail: 'a request is not in the ledger' };

describe('a campaign', () => {
  test.each([
    ['that met traffic and broke no rule', [], 0, 'SOUND'],
    ['with a fault that met no traffic', [], 1, 'INCONCLUSIVE'],
    ['with requests that an overloaded machine left open', [OVERLOADED], 0, 'INCONCLUSIVE'],
    ['that lost a request on an overloaded machine', [OVERLOADED, LOST], 1, 'VIOLATED'],
  ] as const)('%s is judged by what it saw', (_, violations, unproven, verdict) => {
    expect(judgeCampaign({ violations, unproven }).verdict).toBe(verdict);
  });
});

test('a server that does not start is reported with its last line', async () => {
  const server = await startSupervisedServer({
    ...{ root: ROOT, databaseSocket: '/nowhere', environment: { LOG_LEVEL: 'shout' }, startMs: 20_000 },
    ...{ onFailpoint: () => {}, onError: () => {} },
  });

  await expect(server.ready()).rejects.toThrow(
    /did not start in 20 s, at a load of .*; its last line: .*LOG_LEVEL/,
  );

  await server.stop();
}, 60_000);
