/** Names of webhooks: by DNS of their own, so that a name server that never answers delays no other work. */
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createHostResolver } from '../../../src/automation/actions/resolve-webhook-host.ts';
import { createWebhookPort } from '../../../src/automation/actions/webhook-port.ts';
import { type Limits, readConfig } from '../../../src/config/config.ts';
import { startTcpProxy } from '../../faults/tcp-proxy.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { type NameServer, startNameServer } from '../../support/name-server.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTestRunner, insertRun, readRun } from './runs.ts';
import { createTestClock } from './test-clock.ts';
import { startReceiver } from './webhook-receiver.ts';

const config = readConfig({ WEBHOOK_ALLOW_HTTP: 'on', WEBHOOK_ALLOW_PRIVATE: 'on' });
const PATIENT_MS = 60_000;
const PATIENT = AbortSignal.timeout(PATIENT_MS);
const FAILURE_MS = 100;

let names: NameServer;
beforeEach(async () => {
  names = await startNameServer({
    'hooks.example': { address: '127.0.0.1', ttlS: 60 },
    'moving.example': { address: '127.0.0.1', ttlS: 0 },
  });
});
afterEach(() => names.close());

function resolver(limits: Partial<Limits> = {}) {
  const resolve = createHostResolver({ ...config.limits, ...limits }, [names.address]);
  return (host: string, accountId = 'account', signal = PATIENT) => resolve(host, { accountId, signal });
}

/** Queries for addresses of the fourth version and the sixth come in any order. */
const timesAsked = (host: string) => names.asked.filter((name) => name === host).length / 2;

describe('the resolver of webhook names', () => {
  test('keeps the addresses of a name for as long as its name server says, and no longer', async () => {
    const resolve = resolver();

    for (let times = 0; times < 3; times += 1) {
      expect(await resolve('hooks.example')).toEqual([{ address: '127.0.0.1', family: 4 }]);
      await resolve('moving.example');
    }

    expect(timesAsked('hooks.example')).toBe(1);
    expect(timesAsked('moving.example')).toBe(3);
  });

  test('keeps a bounded number of names', async () => {
    const resolve = resolver({ webhookNames: 1 });

    for (const host of ['hooks.example', 'moving.example', 'hooks.example']) {
      await resolve(host);
    }

    expect(timesAsked('hooks.example')).toBe(2);
  });

  test('gives up on a name server that never answers, and does not ask it again at once', async () => {
    const resolve = resolver({ webhookNameTryMs: 250, webhookNameFailureMs: 60_000 });

    await expect(resolve('silent.example')).rejects.toThrow();
    const asked = names.asked.length;
    await expect(resolve('silent.example')).rejects.toThrow();

    expect(names.asked).toHaveLength(asked);
    expect(timesAsked('silent.example')).toBeLessThanOrEqual(2);
  });

  test('asks again some time after a failure', async () => {
    const resolve = resolver({
      webhookNameTryMs: 250,
      webhookNameTries: 1,
      webhookNameFailureMs: FAILURE_MS,
    });
    await expect(resolve('silent.example')).rejects.toThrow();
    const asked = names.asked.length;

    await vi.waitFor(async () => {
      await expect(resolve('silent.example')).rejects.toThrow();
      expect(names.asked.length).toBeGreaterThan(asked);
    }, 10_000);
  });

  test('asks for two names of an account at a time, and meanwhile for those of others', async () => {
    const resolve = resolver();
    const leaving = new AbortController();
    const strangers = ['a', 'b', 'c'].map((host) =>
      resolve(`${host}.silent.example`, 'theirs', leaving.signal).catch(() => 'none'),
    );

    await resolve('hooks.example', 'ours');

    expect(names.asked).toContain('b.silent.example');
    expect(names.asked).not.toContain('c.silent.example');
    leaving.abort();
    expect(await strangers[2]).toBe('none');
  });

  test('knows the loopback names without asking', async () => {
    expect((await resolver()('Localhost')).map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
    expect(names.asked).toEqual([]);
  });
});

describe('while the names of eight accounts have a name server that never answers', () => {
  const db = useTestDatabase();

  test('no thread of the pool waits, the webhook of another account arrives, and the database is connected to by name', async () => {
    const clock = createTestClock();
    const receiver = await startReceiver();
    const proxy = await startTcpProxy();
    const { host, port } = new pg.Client(db.url);
    proxy.setTarget({ path: `${host}/.s.PGSQL.${port}` });
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => undefined);
    const limits = { ...config.limits, webhookTimeoutMs: PATIENT_MS, webhookNameTryMs: PATIENT_MS };
    const resolve = createHostResolver(limits, [names.address]);
    const webhooks = createWebhookPort({ ...config, limits }, (host, asker) =>
      Promise.race([resolve(host, asker), ended.promise]),
    );
    const runner = createTestRunner(db.database, { now: clock.now, webhooks });
    const startRun = async (userIds: number, urlOf: (index: number) => string) => {
      const account = await createAthlete(db.database, { lifts: {}, enrolled: false });
      const made = Array.from({ length: userIds }, (_, index) =>
        insertRun(db.database, {
          ...account,
          now: clock.now,
          actions: [{ case: 'callWebhook', value: { url: urlOf(index) } }],
        }),
      );
      return Promise.all(made);
    };
    const strangers = [];
    for (let account = 0; account < 8; account += 1) {
      strangers.push(...(await startRun(4, (index) => `http://h${account}-${index}.silent.example/`)));
    }

    await runner.runOnce();
    await expect.poll(() => names.asked.length).toBeGreaterThanOrEqual(16);
    expect(process.getActiveResourcesInfo()).not.toContain('GetAddrInfoReqWrap');
    const [ours] = await startRun(1, () => `http://hooks.example:${receiver.port}/`);
    await runner.runOnce();
    await expect.poll(() => receiver.received).toHaveLength(1);
    const client = new pg.Client({ ...{ host: 'localhost', port: proxy.port }, user: 'postgres' });
    await client.connect();

    const open = await Promise.all(strangers.map((run) => readRun(db.database, run)));
    expect(open.every(({ attempts, steps }) => attempts === 1 && steps.length === 0)).toBe(true);
    await expect
      .poll(() => readRun(db.database, ours ?? expect.unreachable()))
      .toMatchObject({ state: 'COMPLETED' });
    await client.end();
    ended.reject(new Error('the test has ended'));
    await Promise.all([proxy.close(), receiver.close(), runner.stop()]);
  });
});
