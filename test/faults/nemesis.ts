/** What goes wrong during a run: a schedule that follows from a seed, and how each fault is brought about and mended. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import type { Transaction } from '../../src/store/database.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

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
] as const;

export type FaultKind = (typeof FAULTS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** The server that it befalls. */
  readonly server: number;
  /** How long it lasts, where it does. */
  readonly durationMs: number;
  /** Between its end and the next one. */
  readonly pauseMs: number;
  /** What clocks are stepped by. */
  readonly offsetMs: number;
}

export type FaultWeights = Readonly<Partial<Record<FaultKind, number>>>;

/** Each kind; killed postmasters seldom, as nothing goes on without one. */
export const MIXED: FaultWeights = {
  ...{ KILL_SERVER: 6, PAUSE_SERVER: 3, KILL_POSTMASTER: 1, TERMINATE_BACKENDS: 3 },
  ...{ CUT_DATABASE: 3, DELAY_DATABASE: 2, HALF_OPEN_DATABASE: 2, CUT_AFTER_COMMIT: 4 },
  ...{ CUT_CLIENTS: 3, DELAY_CLIENTS: 2, HALF_OPEN_CLIENTS: 2, EXHAUST_POOL: 2, STEP_CLOCK: 3 },
};

/** One of each kind. */
export const ONE_OF_EACH: FaultWeights = Object.fromEntries(FAULTS.map((kind) => [kind, 1]));

/** What outlives a transaction on a connection and should not: nothing, as a text. */
const LEFTOVERS = `select concat_ws(' ', nullif(current_setting('progression.account_id', true), ''),
  nullif(current_user::text, session_user::text), nullif(current_setting('statement_timeout'), '0'),
  nullif(current_setting('lock_timeout'), '0'))`;

const LONGEST_CLOCK_STEP_MS = 90_000;
/** More than the harness has connections. */
const OWNER_TRIES = 6;

/**
 * The faults of a seed, without end: the same ones in the same order for the same weights and number of servers. They
 * come in rounds, in each of which every kind has its weight's number of turns.
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

/** Resolves when it is over, but for servers that are still starting again. */
export async function bringAbout(stage: Stage, fault: Fault): Promise<void> {
  const server = stage.servers[fault.server];
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
      await stage.database.killPostmaster();
      break;
    case 'TERMINATE_BACKENDS':
      await terminateBackends(stage);
      break;
    case 'CUT_DATABASE':
      stage.leftovers.push(...(await database.askIdle(LEFTOVERS)).filter((text) => text !== ''));
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
      await holdEverybody(stage, fault.durationMs);
      break;
    case 'STEP_CLOCK':
      server.stepClock(fault.offsetMs);
      break;
  }
  await delay(fault.pauseMs);
}

/** Everything works again, and every clock is where the fastest one may have been. */
export function heal({ servers }: Stage): void {
  const furthestMs = Math.max(...servers.map((server) => server.furthestOffsetMs));
  for (const server of servers) {
    server.resume();
    server.clients.heal();
    server.database.heal();
    server.arm(() => undefined);
    server.stepClock(furthestMs);
  }
}

async function terminateBackends({ admin }: Stage): Promise<void> {
  await asOwner(admin, (db) =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`.execute(db),
  );
}

/** While nobody can lock an athlete, every connection of every pool comes to wait for one. */
async function holdEverybody({ admin }: Stage, durationMs: number): Promise<void> {
  await asOwner(admin, async (db) => {
    await sql`lock table users in exclusive mode`.execute(db);
    await delay(durationMs);
  });
}

/** As often as it takes to get past connections that an earlier fault has ended. */
async function asOwner(
  { orm }: Stage['admin'],
  work: (db: Transaction['sql']) => Promise<unknown>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await orm.em.fork().transactional((em) => work((em as EntityManager).getKysely()));
      return;
    } catch (error) {
      if (tries === OWNER_TRIES) {
        throw error;
      }
    }
  }
}
