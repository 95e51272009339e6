/**
 * The workers of a serving process: they run unless they are turned off, and end with the process also when work
 * hangs.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { createActiveWorkflow, createAutomationClient } from '../support/automation.ts';
import { countOutbox, createEventSource, type EventSource, readLog } from '../support/event-source.ts';
import { holdVersions } from '../support/held-versions.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';

const db = useTestDatabasePerTest();
let source: EventSource;
let services: RunningServer[] = [];
beforeEach(async () => {
  source = await createEventSource(db.database, 1);
});
afterEach(async () => {
  await Promise.all(services.map((service) => service.close()));
  services = [];
});

async function start(environment: Record<string, string> = {}, drainMs?: number): Promise<RunningServer> {
  const config = readConfig({ PORT: '0', ...environment });
  const limits = { ...config.limits, ...(drainMs ? { drainMs } : {}) };
  const service = await startService({ ...config, limits }, db.open(), createLogger('silent'));
  services.push(service);
  return service;
}

test('accepted events are evaluated, and the steps of their workflows are done', async () => {
  const client = createAutomationClient(db.database, { accountId: source.accountId });
  await createActiveWorkflow(client, { trigger: { triggerEvent: 'session_completed' } });
  await start();
  await source.accept(0);
  await expect
    .poll(async () => (await client.workflows.listWorkflowEnrollments({})).enrollments)
    .toMatchObject([{ userId: source.userIds[0], endedReason: '' }]);
  const athlete = async () => (await client.users.getUser({ userId: `${source.userIds[0]}` })).user;
  await expect.poll(async () => (await athlete())?.tags).toEqual(['missed']);
  await expect.poll(() => countOutbox(db.database, source.accountId)).toBe(0);
});

test('a process without workers evaluates nothing', async () => {
  const serving = await start({ AUTOMATION_WORKERS: 'off' });
  await source.accept(0);
  await serving.close();
  expect(await readLog(db.database, source.accountId)).toEqual([]);
  await start();
  await expect.poll(() => readLog(db.database, source.accountId)).toHaveLength(1);
});

test('a batch that hangs does not keep the process from ending, and the next process does it', async () => {
  const client = createAutomationClient(db.database, { accountId: source.accountId });
  await createActiveWorkflow(client, { trigger: { triggerEvent: 'session_completed' } });
  const held = await holdVersions(db, source.accountId);
  const service = await start({}, 300);
  const [id] = await source.accept(0);
  await held.isWaitedFor();
  const beganMs = performance.now();
  await service.close();
  expect(performance.now() - beganMs).toBeLessThan(5_000);
  await held.release();
  await start();
  const logged = async () => (await readLog(db.database, source.accountId)).map((event) => event.id);
  await expect.poll(logged).toContain(id);
  expect((await client.workflows.listWorkflowEnrollments({})).enrollments).toHaveLength(1);
});
