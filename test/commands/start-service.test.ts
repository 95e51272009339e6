/** Events for which the trigger queue has no room are refused before they are read; other calls are served. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';

const EVENTS = [
  'HandleSessionComplete',
  'HandleWeekAdvance',
  'HandleCycleComplete',
  'LogSets',
  'TriggerProgression',
];

const db = useTestDatabasePerTest();
let service: RunningServer;
beforeEach(async () => {
  const config = readConfig({ PORT: '0', AUTOMATION_WORKERS: 'off' });
  const limits = { ...config.limits, queuedEvents: 0 };
  service = await startService({ ...config, limits }, db.database, createLogger('silent'));
});
afterEach(async () => {
  await service.close();
});

test.each(ProgressionService.methods.map(({ name }) => name))('%s', async (name) => {
  const response = await fetch(`${service.url}/progression.v1.ProgressionService/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: 'unreadable',
  });
  const { code, details } = (await response.json()) as { code: string; details?: { debug: unknown }[] };
  if (EVENTS.includes(name)) {
    expect(code).toBe('unavailable');
    expect(details?.[0]?.debug).toMatchObject({ reason: 'OVERLOADED', metadata: { limit: 'queuedEvents' } });
  } else {
    expect(code).toBe('invalid_argument');
  }
});
