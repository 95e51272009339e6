/** Everything that a run of faults takes: PostgreSQL, Redis, servers behind proxies, and who is called about. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createRedisServer, HAS_REDIS } from '../support/redis-server.ts';
import { check } from './checker.ts';
import type { ClientOrder } from './client.ts';
import { type ClientProcess, startClient } from './client-process.ts';
import { type FaultDatabase, startFaultDatabase } from './fault-database.ts';
import type { CheckedAccount, History, Violation } from './history.ts';
import { readJournals } from './journal.ts';
import {
  EMITTED_EVENT,
  FAILURE_THRESHOLD,
  type PopulationSize,
  PUBLISHED_EVENT,
  populate,
  STAGES,
  type TrainingAccount,
} from './population.ts';
import { countOpenWork, readState } from './read-state.ts';
import { followRelayedRecords, type RelayedRecords } from './relayed-records.ts';
import { type SupervisedServer, startSupervisedServer } from './server-process.ts';

export interface StageOptions {
  /** The tree that the servers run from. */
  readonly root: string;
  readonly servers: number;
  readonly population: PopulationSize;
  /** How long servers may take to finish some more of what was accepted; absent: long. */
  readonly settleMs?: number;
  /** Hears of failpoints that ended a server. */
  readonly onFailpoint?: (point: string) => void;
}

export interface Stage {
  readonly database: FaultDatabase;
  /** As the owner, past all proxies; gone for a moment while the postmaster is. */
  readonly admin: Database;
  readonly servers: readonly SupervisedServer[];
  readonly accounts: readonly TrainingAccount[];
  /** Those that were started. */
  readonly clients: readonly ClientProcess[];
  /** What was found set on connections that nobody was using. */
  readonly leftovers: string[];
  /** Each with athletes of its own. */
  startClients(count: number, seed: number, work: ClientOrder['work']): void;
  /**
   * When everything is healed and every client has its answers: waits until nothing is left to be done, ends the
   * servers, and says what is wrong with what happened.
   */
  settle(): Promise<{ history: History; violations: readonly Violation[] }>;
  close(): Promise<void>;
}

const SETTLE_MS = 60_000;
/** How long servers may take to start; a busy machine takes some seconds. */
const START_MS = 60_000;
const POLL_MS = 200;

export async function openStage(options: StageOptions): Promise<Stage> {
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
    const complaints: string[] = [];
    const leftovers: string[] = [];
    const servers = await Promise.all(
      Array.from({ length: options.servers }, () =>
        startSupervisedServer({
          root: options.root,
          databaseSocket: database.socket,
          environment: {
            NODE_COMPILE_CACHE: join(directory, 'compiled'),
            ...(redis ? { REDIS_URL: redis.url } : {}),
          },
          onFailpoint: (point) => options.onFailpoint?.(point),
          onComplaint: (line) => complaints.push(line),
        }),
      ),
    );
    closing.push(() => Promise.all(servers.map((server) => server.stop())));
    const clients: ClientProcess[] = [];
    closing.push(() => {
      for (const client of clients) {
        client.kill();
      }
    });
    // The first of them makes the tables.
    await Promise.race([Promise.all(servers.map((server) => server.ready())), giveUp(complaints)]);
    const accounts = await populate(admin, options.population);

    return {
      database,
      admin,
      servers,
      accounts,
      clients,
      leftovers,
      startClients(count, seed, work) {
        const ports = servers.map((server) => server.clients.port);
        for (let number = 0; number < count; number += 1) {
          const order = {
            ...{ ports, work, seed: seed * 1_000 + clients.length },
            accounts: shareOf(accounts, number, count),
            journalPath: join(directory, `client-${clients.length}.jsonl`),
          };
          clients.push(startClient(order));
        }
      },
      async settle() {
        await settleWork(admin, options.settleMs ?? SETTLE_MS);
        await Promise.all(servers.map((server) => server.stop()));
        await redis?.relayed.close();
        const history: History = {
          accounts: accounts.map(checkedAccountOf),
          journal: readJournals(clients.map(({ journalPath }) => journalPath)),
          stored: await readState(admin),
          relayed: redis?.relayed.records,
          leftovers,
          complaints,
        };
        return { history, violations: check(history) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startRedis(closing: (() => unknown)[]): Promise<{ url: string; relayed: RelayedRecords }> {
  const redis = await createRedisServer();
  await redis.start();
  closing.push(() => redis.kill());
  return { url: redis.url, relayed: await followRelayedRecords(redis.url) };
}

async function giveUp(complaints: readonly string[]): Promise<never> {
  await delay(START_MS, undefined, { ref: false });
  throw new Error(`the servers did not start: ${complaints[0]}`);
}

/** What is still open when there has been no less of it for a while is the checker's to tell. */
async function settleWork(admin: Database, settleMs: number): Promise<void> {
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

/** So that no two clients report the same athlete's weeks. */
function shareOf(accounts: readonly TrainingAccount[], number: number, count: number): TrainingAccount[] {
  return accounts.map((account) => ({
    ...account,
    userIds: account.userIds.filter((_, index) => index % count === number),
  }));
}

function checkedAccountOf({ accountId, deloadId, stagesId, liftIds }: TrainingAccount): CheckedAccount {
  return {
    ...{ accountId, deloadId, stagesId },
    ...{ deloadLiftId: liftIds.squat ?? '', stagesLiftId: liftIds.bench ?? '' },
    ...{ failureThreshold: FAILURE_THRESHOLD, stages: STAGES },
    ...{ publishedEvent: PUBLISHED_EVENT, emittedEvent: EMITTED_EVENT },
  };
}
