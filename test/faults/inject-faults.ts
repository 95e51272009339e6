/** The fault schedule of a seed, and how each fault is injected and healed. */
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { asOwner } from './as-owner.ts';
import type { Random } from './seeded-random.ts';
import { cutWhileNamesAreAsked } from './silent-name-server.ts';
import { lockHotTables, rewriteHotTables, setForAWhile } from './strain-database.ts';
import type { TestBed } from './test-bed.ts';

export const FAULTS = [
  'KILL_SERVER',
  'PAUSE_SERVER',
  'KILL_POSTMASTER',
  'TERMINATE_BACKENDS',
  'CUT_DATABASE',
  'DELAY_DATABASE',
  'HALF_OPEN_DATABASE',
  'CUT_AFTER_COMMIT',
  'CUT_CLIENTS',
  'DELAY_CLIENTS',
  'HALF_OPEN_CLIENTS',
  'EXHAUST_POOL',
  'STEP_CLOCK',
  'JUMP_CLOCK',
  'FAILOVER_SYNC',
  'FAILOVER_WAITING',
  'FAILOVER_ASYNC',
  'RESTORE_BACKUP',
  'RESTORE_DUMP',
  'LOCK_TABLES',
  'VACUUM_FULL',
  'STATEMENT_TIMEOUT',
  'IDLE_IN_TRANSACTION_TIMEOUT',
  'TRANSACTION_TIMEOUT',
  'RESTART_PGBOUNCER',
  'READ_ONLY_DATABASE',
  'DISK_FULL',
  'FLUSH_REDIS',
  'FILL_REDIS',
  'REPLACE_REDIS',
  'SILENT_NAME_SERVER',
] as const;

export type FaultKind = (typeof FAULTS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Index of the affected server. */
  readonly server: number;
  /** Duration of faults that have one. */
  readonly durationMs: number;
  /** Pause after the fault. */
  readonly pauseMs: number;
  /** Clock step in milliseconds. */
  readonly offsetMs: number;
}

export type FaultWeights = Readonly<Partial<Record<FaultKind, number>>>;

/** All kinds; few that end the database, because no call succeeds without one. */
export const MIXED: FaultWeights = {
  ...{ KILL_SERVER: 6, PAUSE_SERVER: 3, KILL_POSTMASTER: 1, TERMINATE_BACKENDS: 3 },
  ...{ CUT_DATABASE: 3, DELAY_DATABASE: 2, HALF_OPEN_DATABASE: 2, CUT_AFTER_COMMIT: 4 },
  ...{ CUT_CLIENTS: 3, DELAY_CLIENTS: 2, HALF_OPEN_CLIENTS: 2, EXHAUST_POOL: 2, STEP_CLOCK: 3 },
  ...{ JUMP_CLOCK: 1, LOCK_TABLES: 1, VACUUM_FULL: 1, RESTART_PGBOUNCER: 1 },
  ...{ STATEMENT_TIMEOUT: 1, IDLE_IN_TRANSACTION_TIMEOUT: 1, TRANSACTION_TIMEOUT: 1 },
  ...{ FAILOVER_SYNC: 1, FAILOVER_WAITING: 1, FAILOVER_ASYNC: 1, RESTORE_BACKUP: 1, RESTORE_DUMP: 1 },
  ...{ READ_ONLY_DATABASE: 1, DISK_FULL: 1 },
  ...{ FLUSH_REDIS: 1, FILL_REDIS: 1, REPLACE_REDIS: 1, SILENT_NAME_SERVER: 1 },
};

/** One of each kind. */
export const ONE_OF_EACH: FaultWeights = Object.fromEntries(FAULTS.map((kind) => [kind, 1]));

/** Session settings that must not outlive a transaction; empty text when there are none. */
const LEFTOVERS = `select concat_ws(' ', nullif(current_setting('progression.account_id', true), ''),
  nullif(current_user::text, session_user::text), nullif(current_setting('statement_timeout'), '0'),
  nullif(current_setting('lock_timeout'), '0'))`;

const LONGEST_CLOCK_STEP_MS = 90_000;
const YEAR_MS = 365 * 86_400_000;
/** So short that some statements and transactions take longer, and others do not. */
const SHORT_TIMEOUT = `'20ms'`;

/**
 * The endless fault schedule of a seed, equal for equal weights and number of servers. In each round, every
 * kind occurs as often as its weight.
 */
export function* scheduleFaults(
  random: Random,
  weights: FaultWeights,
  servers: number,
): Generator<Fault, never> {
  for (;;) {
    const round = FAULTS.flatMap((kind) => Array.from({ length: weights[kind] ?? 0 }, () => kind));
    while (round.length > 0) {
      const [kind] = round.splice(random.between(0, round.length - 1), 1);
      if (kind) {
        yield {
          kind,
          server: random.between(0, servers - 1),
          durationMs: random.between(300, 1_800),
          pauseMs: random.between(50, 900),
          offsetMs: random.between(-LONGEST_CLOCK_STEP_MS, LONGEST_CLOCK_STEP_MS),
        };
      }
    }
  }
}

/** The kinds of fault that this machine cannot inject. */
export function impossibleFaults({ database, redis, restartBouncer }: TestBed): readonly FaultKind[] {
  return [
    ...(restartBouncer ? [] : (['RESTART_PGBOUNCER'] as const)),
    ...(database.hasOwnDisk ? [] : (['DISK_FULL'] as const)),
    ...(redis ? [] : (['FLUSH_REDIS', 'FILL_REDIS', 'REPLACE_REDIS'] as const)),
  ];
}

/** Injects a fault; resolves when it is over, except for servers that are still restarting. */
export async function injectFault(testBed: TestBed, fault: Fault): Promise<void> {
  const server = testBed.servers[fault.server];
  if (!server) {
    throw new TypeError('a fault without a server');
  }
  const { clients, database } = server;
  const last = () => delay(fault.durationMs);
  switch (fault.kind) {
    case 'KILL_SERVER':
      await server.kill();
      break;
    case 'PAUSE_SERVER':
      server.pause();
      await last();
      server.resume();
      break;
    case 'KILL_POSTMASTER':
      await testBed.database.killPostmaster();
      break;
    case 'TERMINATE_BACKENDS':
      await terminateBackends(testBed);
      break;
    case 'CUT_DATABASE':
      testBed.leftovers.push(...(await database.askIdle(LEFTOVERS)).filter((text) => text !== ''));
      database.cut();
      break;
    case 'DELAY_DATABASE':
      database.delay(20);
      await last();
      database.heal();
      break;
    case 'HALF_OPEN_DATABASE':
      database.halfOpen();
      await last();
      database.cut();
      database.heal();
      break;
    case 'CUT_AFTER_COMMIT':
      database.cutAfterCommits(3);
      await last();
      database.heal();
      break;
    case 'CUT_CLIENTS':
      clients.cut();
      break;
    case 'DELAY_CLIENTS':
      clients.delay(50);
      await last();
      clients.heal();
      break;
    case 'HALF_OPEN_CLIENTS':
      clients.halfOpen();
      await last();
      clients.cut();
      clients.heal();
      break;
    case 'EXHAUST_POOL':
      await lockAllAthletes(testBed, fault.durationMs);
      break;
    case 'STEP_CLOCK':
      server.stepClock(fault.offsetMs);
      break;
    case 'JUMP_CLOCK':
      server.stepClock(Math.sign(fault.offsetMs) * YEAR_MS);
      break;
    case 'LOCK_TABLES':
      await lockHotTables(testBed.database.url);
      break;
    case 'VACUUM_FULL':
      await rewriteHotTables(testBed.database.url);
      break;
    case 'STATEMENT_TIMEOUT':
    case 'IDLE_IN_TRANSACTION_TIMEOUT':
    case 'TRANSACTION_TIMEOUT':
      await setForAWhile(testBed.database.url, TIMEOUTS[fault.kind], SHORT_TIMEOUT, fault.durationMs);
      break;
    case 'RESTART_PGBOUNCER':
      await testBed.restartBouncer?.();
      break;
    case 'FAILOVER_SYNC':
      await testBed.database.failOverSync(fault.durationMs);
      break;
    case 'FAILOVER_WAITING':
      testBed.cancelledPeriods.push(await testBed.database.failOverWaiting());
      break;
    case 'FAILOVER_ASYNC':
      testBed.lostPeriods.push(await testBed.database.failOverAsync(fault.durationMs));
      break;
    case 'RESTORE_BACKUP':
      testBed.lostPeriods.push(await testBed.database.restoreBackup(fault.durationMs));
      break;
    case 'RESTORE_DUMP':
      // No process may write to the restored database before one has started on it.
      await Promise.all(testBed.servers.map((each) => each.ready()));
      testBed.lostPeriods.push(
        await testBed.database.restoreDump(fault.durationMs, async () => {
          await Promise.all(testBed.servers.map((each) => each.kill()));
        }),
      );
      break;
    case 'READ_ONLY_DATABASE':
      await setForAWhile(testBed.database.url, 'default_transaction_read_only', 'on', fault.durationMs);
      break;
    case 'DISK_FULL':
      await testBed.database.fillDisk(fault.durationMs);
      break;
    case 'FLUSH_REDIS':
      await testBed.redis?.relayed.flush();
      break;
    case 'FILL_REDIS':
      await testBed.redis?.relayed.refuseWrites(fault.durationMs);
      break;
    case 'REPLACE_REDIS':
      await testBed.redis?.relayed.replaced(testBed.redis.replace);
      break;
    case 'SILENT_NAME_SERVER':
      await cutWhileNamesAreAsked(testBed, fault.durationMs);
      break;
  }
  await delay(fault.pauseMs);
}

const TIMEOUTS = {
  STATEMENT_TIMEOUT: 'statement_timeout',
  IDLE_IN_TRANSACTION_TIMEOUT: 'idle_in_transaction_session_timeout',
  TRANSACTION_TIMEOUT: 'transaction_timeout',
} as const;

/** Heals all faults, and sets every clock to the largest offset that any clock had. */
export function heal({ servers }: TestBed): void {
  const furthestMs = Math.max(...servers.map((server) => server.furthestOffsetMs));
  for (const server of servers) {
    server.resume();
    server.clients.heal();
    server.database.heal();
    server.arm(() => undefined);
    server.stepClock(furthestMs);
  }
}

async function terminateBackends({ admin }: TestBed): Promise<void> {
  await asOwner(admin, (db) =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`.execute(db),
  );
}

/** Locks all athletes, so that every connection of every pool waits. */
async function lockAllAthletes({ admin }: TestBed, durationMs: number): Promise<void> {
  await asOwner(admin, async (db) => {
    await sql`lock table users in exclusive mode`.execute(db);
    await delay(durationMs);
  });
}
