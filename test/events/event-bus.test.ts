/**
 * The contract of every event bus: each accepted event is handed over, in order, with any number of
 * processes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { BusWorkers, HandledPartitions, HandlePartitions } from '../../src/events/event-bus.ts';
import {
  countOutbox,
  createEventSource,
  type EventSource,
  idsByUser,
  readLog,
} from '../support/event-source.ts';
import { createLogEvaluator, type LogEvaluatorOptions } from '../support/log-evaluator.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';
import { BUS_LIMITS, BUSES, type BusOptions, type BusSetup } from './bus-fixtures.ts';

describe.each(BUSES)('the bus on $name', ({ isHere, setUp }) => {
  const db = useTestDatabasePerTest();
  let setup: BusSetup;
  let running: BusWorkers[] = [];

  afterEach(async () => {
    await Promise.all(running.map((workers) => workers.stop()));
    running = [];
    await setup?.close();
  });

  /** Starts a bus as a separate process would, with its own database handle. */
  function start(handle: HandlePartitions, options?: BusOptions, database = db.open()): BusWorkers {
    const workers = setup.createBus(database, options).start(handle);
    running.push(workers);
    return workers;
  }

  function startEvaluating(options: LogEvaluatorOptions = {}, bus?: BusOptions): BusWorkers {
    const database = db.open();
    return start(createLogEvaluator(database, { isRelayed: setup.isRelayed, ...options }), bus, database);
  }

  /** Expects every accepted event once in the log, each athlete's in order, and an empty outbox. */
  async function expectLogged({ accountId, userIds }: EventSource, accepted: readonly string[][]) {
    const all = accepted.flat();
    await expect.poll(async () => (await readLog(db.database, accountId)).length).toBe(all.length);
    const log = await readLog(db.database, accountId);
    expect(new Set(log.map(({ id }) => id))).toEqual(new Set(all));
    for (const userId of userIds) {
      const sequences = log.filter((event) => event.userId === userId).map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    }
    await expect.poll(() => countOutbox(db.database, accountId)).toBe(0);
  }

  const testHere = test.skipIf(!isHere);

  testHere('hands over events accepted before and after its start', async () => {
    setup = await setUp();
    const source = await createEventSource(db.database, 2);
    const before = await source.accept(0, { facts: 3 });
    startEvaluating();
    await expectLogged(source, [before]);
    const after = await source.accept(1);
    await expectLogged(source, [before, after]);
  });

  testHere('keeps the order of each athlete across batches', async () => {
    setup = await setUp();
    const source = await createEventSource(db.database, 3);
    const accepted: string[][] = [];
    for (let n = 0; n < 60; n += 1) {
      accepted.push(await source.accept(n % 3));
    }
    startEvaluating({ limit: 7 });
    await expectLogged(source, accepted);
    const ids = idsByUser(await readLog(db.database, source.accountId));
    for (const [athlete, userId] of source.userIds.entries()) {
      expect(ids.get(userId)).toEqual(accepted.filter((_, n) => n % 3 === athlete).flat());
    }
  });

  testHere.each([1, 2, 3])('evaluates each event once with %i processes', async (count) => {
    setup = await setUp();
    const sources = await Promise.all([12, 12].map((athletes) => createEventSource(db.database, athletes)));
    for (let n = 0; n < count; n += 1) {
      startEvaluating({ limit: 10 });
    }
    for (const source of sources) {
      const accepted = await Promise.all(Array.from({ length: 120 }, (_, n) => source.accept(n % 12)));
      await expectLogged(source, accepted);
    }
  });

  testHere('does not delay an account because of the backlog of another account', async () => {
    setup = await setUp();
    const [busy, quiet] = await Promise.all(
      [1, 1].map((athletes) => createEventSource(db.database, athletes)),
    );
    if (!busy || !quiet) {
      expect.unreachable();
    }
    for (let n = 0; n < 40; n += 1) {
      await busy.accept(0);
    }
    await quiet.accept(0);
    const evaluate = createLogEvaluator(db.database, { isRelayed: setup.isRelayed, limit: 1 });
    const handed: string[] = [];
    start(
      (accountId, partitions) => {
        handed.push(accountId);
        return evaluate(accountId, partitions);
      },
      { limits: { busWorkers: 1 } },
    );
    await expect.poll(() => readLog(db.database, quiet.accountId)).toHaveLength(1);
    expect(handed.indexOf(quiet.accountId)).toBeLessThan(10);
  });

  testHere(
    'handles an account whose partition has the same number as a stuck partition of another account',
    async () => {
      setup = await setUp();
      const sources = await Promise.all(
        [7, 7].map((partition) => createEventSource(db.database, 1, partition)),
      );
      const [stuck, other] = sources.toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1));
      if (!stuck || !other) {
        expect.unreachable();
      }
      await stuck.accept(0);
      const [id] = await other.accept(0);
      const evaluate = createLogEvaluator(db.database, { isRelayed: setup.isRelayed });
      start(async (accountId, numbers) =>
        accountId === stuck.accountId ? { busy: numbers, unfinished: [] } : evaluate(accountId, numbers),
      );
      await expect.poll(() => readLog(db.database, other.accountId)).toMatchObject([{ id }]);
    },
  );

  testHere(
    'hands a partition to one worker at a time, and up to partitionsTogether partitions in one call',
    async () => {
      setup = await setUp();
      const source = await createEventSource(db.database, 40);
      await Promise.all(source.userIds.map((_, athlete) => source.accept(athlete)));
      const evaluate = createLogEvaluator(db.database, { isRelayed: setup.isRelayed });
      const now = new Set<number>();
      let most = 0;
      let mostTogether = 0;
      start(
        async (accountId, partitions) => {
          expect(partitions.filter((each) => now.has(each))).toEqual([]);
          for (const partition of partitions) {
            now.add(partition);
          }
          most = Math.max(most, now.size);
          mostTogether = Math.max(mostTogether, partitions.length);
          await delay(5);
          const handled = await evaluate(accountId, partitions);
          for (const partition of partitions) {
            now.delete(partition);
          }
          return handled;
        },
        { limits: { busWorkers: 2, partitionsTogether: 3 } },
      );
      await expect.poll(() => countOutbox(db.database, source.accountId)).toBe(0);
      expect({ most, mostTogether }).toEqual({ most: 6, mostTogether: 3 });
    },
  );

  testHere('retries a partition that another process had locked', async () => {
    setup = await setUp();
    const source = await createEventSource(db.database, 1);
    const evaluate = createLogEvaluator(db.database, { isRelayed: setup.isRelayed });
    const handle = vi.fn<HandlePartitions>(evaluate);
    for (let n = 0; n < 2; n += 1) {
      handle.mockImplementationOnce(async (_, partitions) => ({ busy: partitions, unfinished: [] }));
    }
    start(handle);
    await expectLogged(source, [await source.accept(0)]);
    expect(handle.mock.calls.length).toBeGreaterThanOrEqual(3);
  });

  testHere('retries a failed partition, and handles other partitions meanwhile', async () => {
    setup = await setUp();
    const [bad, good] = await Promise.all([1, 1].map((athletes) => createEventSource(db.database, athletes)));
    if (!bad || !good) {
      expect.unreachable();
    }
    const evaluate = createLogEvaluator(db.database, { isRelayed: setup.isRelayed });
    let isFailing = true;
    const errors: unknown[] = [];
    start(
      async (accountId, partitions) => {
        if (accountId === bad.accountId && isFailing) {
          throw new Error('not now');
        }
        return evaluate(accountId, partitions);
      },
      { onError: (error) => errors.push(error) },
    );
    const [late, early] = [await bad.accept(0), await good.accept(0)];
    await expectLogged(good, [early]);
    await expect.poll(() => errors).toContainEqual(new Error('not now'));
    expect(await readLog(db.database, bad.accountId)).toEqual([]);
    isFailing = false;
    await expectLogged(bad, [late]);
  });

  testHere('loses no event when a worker ends before its commit', async () => {
    setup = await setUp();
    const source = await createEventSource(db.database, 4);
    const beforeCommit = vi.fn<() => Promise<void>>(async () => {});
    beforeCommit.mockRejectedValueOnce(new Error('gone'));
    startEvaluating({ beforeCommit }, { onError: () => {} });
    await expectLogged(source, await Promise.all([0, 1, 2, 3].map((athlete) => source.accept(athlete))));
  });

  testHere('evaluates no event twice when a worker ends after its commit', async () => {
    setup = await setUp();
    const source = await createEventSource(db.database, 4);
    const database = db.open();
    const evaluate = createLogEvaluator(database, { isRelayed: setup.isRelayed });
    const dying: HandlePartitions = async (accountId, partitions) => {
      await evaluate(accountId, partitions);
      throw new Error('gone');
    };
    const dead = start(dying, { onError: () => {} }, database);
    const accepted = await Promise.all([0, 1, 2, 3].map((athlete) => source.accept(athlete)));
    await expect.poll(async () => (await readLog(db.database, source.accountId)).length).toBe(4);
    await dead.stop();
    startEvaluating();
    await expectLogged(source, [...accepted, await source.accept(0)]);
  });

  testHere('waits for running calls when stopped, and starts no further call', async () => {
    setup = await setUp();
    const source = await createEventSource(db.database, 1);
    const { promise: isHandled, resolve: finish } = Promise.withResolvers<HandledPartitions>();
    const handle = vi.fn<HandlePartitions>(() => isHandled);
    const workers = start(handle);
    await source.accept(0);
    await expect.poll(() => handle.mock.calls.length).toBe(1);
    let isStopped = false;
    const stopped = workers.stop().then(() => {
      isStopped = true;
    });
    await delay(3 * BUS_LIMITS.busPollMs);
    expect(isStopped).toBe(false);
    finish({ busy: [], unfinished: [await source.partitionOf(0)] });
    await stopped;
    expect(handle).toHaveBeenCalledTimes(1);
  });
});
