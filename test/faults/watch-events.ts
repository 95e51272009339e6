/** What a watcher sees that begins with the oldest event of each account, when no more events are made. */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { watch } from '../events/event-watcher.ts';
import type { TrainingAccount } from './populate-accounts.ts';
import type { StoredState, WatchedEvent } from './run-history.ts';

/** How long a watcher waits for a further event. */
const PATIENCE_MS = 15_000;
const POLL_MS = 50;

export async function watchFromBeginning(
  port: number,
  accounts: readonly TrainingAccount[],
  { events }: Pick<StoredState, 'events'>,
): Promise<WatchedEvent[]> {
  const client = createClient(EventService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
  const counts = Map.groupBy(events, ({ accountId }) => accountId);
  const seen: WatchedEvent[] = [];
  for (const { accountId } of accounts) {
    const headers = { 'x-account-id': accountId };
    const watcher = await watch(client, { fromBeginning: true }, { headers });
    const expected = counts.get(accountId)?.length ?? 0;
    let count = 0;
    let giveUpAtMs = performance.now() + PATIENCE_MS;
    while (watcher.events.length < expected && performance.now() < giveUpAtMs) {
      giveUpAtMs = watcher.events.length > count ? performance.now() + PATIENCE_MS : giveUpAtMs;
      count = watcher.events.length;
      await delay(POLL_MS);
    }
    await watcher.leave();
    seen.push(...watcher.events.map(({ id }) => ({ accountId, id })));
  }
  return seen;
}
