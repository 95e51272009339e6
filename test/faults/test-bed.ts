/** The test bed of a campaign: PostgreSQL, Redis, servers behind proxies, and accounts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { type PgBouncer, pgBouncerVersion, startPgBouncer } from '../isolation/pg-bouncer.ts';
import { type NameServer, startNameServer } from '../support/name-server.ts';
import { createRedisServer, HAS_REDIS } from '../support/redis-server.ts';
import { checkHistory } from './check-history.ts';
import { readJournals } from './client-journal.ts';
import type { ClientOrder } from './client-main.ts';
import { type ClientProcess, startClient } from './client-process.ts';
import { type FaultDatabase, startFaultDatabase } from './fault-database.ts';
import { loadPerProcessor } from './machine-load.ts';
import {
  EMITTED_EVENT,
  FAILURE_THRESHOLD,
  INVITED_EVENT,
  type PopulationSize,
  PUBLISHED_EVENT,
  populate,
  STAGES,
  type TrainingAccount,
} from './populate-accounts.ts';
import { countOpenWork, readState } from './read-state.ts';
import { followRelayedRecords, type RelayedRecords } from './relayed-records.ts';
import type { CheckedAccount, History, LostPeriod, Violation } from './run-history.ts';
import { type SupervisedServer, startSupervisedServer } from './server-process.ts';
import { watchFromBeginning } from './watch-events.ts';

export interface TestBedOptions {
  /** The source tree that the servers run. */
  readonly root: string;
  readonly servers: number;
  /** The source tree of an older version, which the first server runs; it is started first. */
  readonly olderRoot?: string | undefined;
  /** Whether the last server reaches the database through PgBouncer, where that is installed. */
  readonly hasBouncer?: boolean;
  readonly population: PopulationSize;
  /** Timeout for progress on accepted work; absent for the default. */
  readonly settleMs?: number;
  /** Receives failpoints that killed a server. */
  readonly onFailpoint?: (point: string) => void;
}

export interface FollowedRedis {
  readonly url: string;
  readonly relayed: RelayedRecords;
  /** Ends it, and starts an empty one at the same address. */
  replace(): Promise<void>;
}

export interface TestBed {
  readonly database: FaultDatabase;
  /** Connections as the database owner, without proxies; unavailable while the postmaster is down. */
  readonly admin: Database;
  readonly servers: readonly SupervisedServer[];
  readonly accounts: readonly TrainingAccount[];
  /** The started clients. */
  readonly clients: readonly ClientProcess[];
  /** Session settings found on idle connections. */
  readonly leftovers: string[];
  /** When commits were lost by failovers and restores. */
  readonly lostPeriods: LostPeriod[];
  /** When waits of commits for a standby were cancelled; see `History`. */
  readonly cancelledPeriods: LostPeriod[];
  /** The followed streams of Redis; undefined without it. */
  readonly redis: FollowedRedis | undefined;
  /** Kills PgBouncer, and starts it anew. Undefined where no server uses it. */
  readonly restartBouncer: (() => Promise<void>) | undefined;
  /** The name server of webhooks' receivers, which answers no query. */
  readonly nameServer: NameServer;
  /** Starts clients, each with its own athletes. */
  startClients(count: number, seed: number, work: ClientOrder['work']): void;
  /**
   * After all faults are healed and all calls answered: waits for open work, stops the servers, and checks
   * the history.
   */
  settle(): Promise<{ history: History; violations: readonly Violation[] }>;
  close(): Promise<void>;
}

const SETTLE_MS = 60_000;
/** As many as a server has by default. */
const POOLED_CONNECTIONS = 10;
const POLL_MS = 200;

export async function openTestBed(options: TestBedOptions): Promise<TestBed> {
  const directory = mkdtempSync(join(tmpdir(), 'progression-journals-'));
  const closing: (() => Promise<unknown> | unknown)[] = [
    () => rmSync(directory, { recursive: true, force: true }),
  ];
  const close = async () => {
    for (const each of closing.toReversed()) {
      await each();
    }
    closing.length = 0;
  };
  try {
    const database = await startFaultDatabase();
    closing.push(() => database.close());
    const admin = openDatabase(database.url, { connections: 4, connectionWaitMs: 30_000 });
    closing.push(() => admin.close());
    const redis = HAS_REDIS ? await startRedis(closing) : undefined;
    const nameServer = await startNameServer({});
    closing.push(() => nameServer.close());
    const startBouncer = () => startPgBouncer(database.url, POOLED_CONNECTIONS);
    let bouncer: PgBouncer | undefined =
      options.hasBouncer && pgBouncerVersion() ? await startBouncer() : undefined;
    closing.push(() => bouncer?.stop());
    const serverErrors: string[] = [];
    const leftovers: string[] = [];
    const lostPeriods: LostPeriod[] = [];
    const cancelledPeriods: LostPeriod[] = [];
    const startServer = (number: number) => {
      const pooler = number === options.servers - 1 ? bouncer : undefined;
      return startSupervisedServer({
        root: (number === 0 ? options.olderRoot : undefined) ?? options.root,
        databaseSocket: pooler?.socket ?? database.socket,
        environment: {
          NODE_COMPILE_CACHE: join(directory, 'compiled'),
          NAME_SERVER: nameServer.address,
          ...(redis ? { REDIS_URL: redis.url } : {}),
          ...(pooler ? { PREPARED_STATEMENTS: 'off' } : {}),
        },
        onFailpoint: (point) => options.onFailpoint?.(point),
        onError: (line) => serverErrors.push(line),
      });
    };
    const servers: SupervisedServer[] = [];
    closing.push(() => Promise.all(servers.map((server) => server.stop())));
    if (options.olderRoot) {
      servers.push(await startServer(0));
      await servers[0]?.ready();
    }
    const numbers = Array.from({ length: options.servers }, (_, number) => number);
    servers.push(...(await Promise.all(numbers.slice(servers.length).map(startServer))));
    const clients: ClientProcess[] = [];
    closing.push(() => {
      for (const client of clients) {
        client.kill();
      }
    });
    // The first server creates the tables, or the tables of its version.
    await Promise.all(servers.map((server) => server.ready()));
    const accounts = await populate(admin, options.population);

    return {
      database,
      admin,
      servers,
      accounts,
      clients,
      leftovers,
      ...{ lostPeriods, cancelledPeriods, redis, nameServer },
      restartBouncer:
        bouncer &&
        (async () => {
          await bouncer?.stop('SIGKILL');
          bouncer = await startBouncer();
          servers.at(-1)?.database.setTarget({ path: bouncer.socket });
        }),
      startClients(count, seed, work) {
        const ports = servers.map((server) => server.clients.port);
        for (let number = 0; number < count; number += 1) {
          const order = {
            ...{ ports, work, seed: seed * 1_000 + clients.length },
            accounts: selectShare(accounts, number, count),
            journalPath: join(directory, `client-${clients.length}.jsonl`),
          };
          clients.push(startClient(order));
        }
      },
      async settle() {
        const load = loadPerProcessor();
        await waitForOpenWork(admin, options.settleMs ?? SETTLE_MS);
        await servers[0]?.ready();
        const watched = await watchFromBeginning(
          servers[0]?.clients.port ?? 0,
          accounts,
          await readState(admin),
        );
        await Promise.all(servers.map((server) => server.stop()));
        await redis?.relayed.close();
        const history: History = {
          accounts: accounts.map(toCheckedAccount),
          journal: readJournals(clients.map(({ journalPath }) => journalPath)),
          stored: await readState(admin),
          relayed: redis?.relayed.records,
          ...{ leftovers, lostPeriods, cancelledPeriods, watched },
          serverErrors,
          loadPerProcessor: load,
        };
        return { history, violations: checkHistory(history) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startRedis(closing: (() => unknown)[]): Promise<FollowedRedis> {
  const redis = await createRedisServer();
  await redis.start();
  closing.push(() => redis.kill());
  return {
    url: redis.url,
    relayed: await followRelayedRecords(redis.url),
    async replace() {
      await redis.kill();
      await redis.start();
    },
  };
}

/**
 * Waits until no work is open, or until it has not decreased for `settleMs`; the checks report what remains.
 */
async function waitForOpenWork(admin: Database, settleMs: number): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let giveUpAtMs = 0;
  do {
    const open = await countOpenWork(admin);
    if (open < least) {
      least = open;
      giveUpAtMs = performance.now() + settleMs;
    }
    await delay(POLL_MS);
  } while (least > 0 && performance.now() < giveUpAtMs);
}

/** Splits the athletes, so that no two clients report weeks of one athlete. */
function selectShare(accounts: readonly TrainingAccount[], number: number, count: number): TrainingAccount[] {
  return accounts.map((account) => ({
    ...account,
    userIds: account.userIds.filter((_, index) => index % count === number),
  }));
}

function toCheckedAccount({ liftIds, ...account }: TrainingAccount): CheckedAccount {
  const { accountId, deloadId, stagesId, thankingId, remindingId, welcomingId } = account;
  return {
    ...{ accountId, deloadId, stagesId, thankingId, remindingId, welcomingId },
    ...{ deloadLiftId: liftIds.squat ?? '', stagesLiftId: liftIds.bench ?? '' },
    ...{ failureThreshold: FAILURE_THRESHOLD, stages: STAGES },
    ...{ publishedEvents: [PUBLISHED_EVENT, INVITED_EVENT], emittedEvent: EMITTED_EVENT },
  };
}
