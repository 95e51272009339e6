/** The pool of connections to one database: how they are opened, and how busy they are. */
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql';
import { type ClientBase, Pool, TypeOverrides, types } from 'pg';
import type { ConnectionTarget } from './connection-target.ts';
import { connectionOpener, PooledServer } from './pooled-server.ts';

/** PostgreSQL's type number of text[]. */
const TEXT_ARRAY: number = 1009;

/** How long the pool waits for a connection beyond its time, so that the reason is that of the server. */
const GRACE_MS = 250;

/** A connection that was taken from the pool. */
export type CheckedOutServer = PooledServer & {
  /** Gives it back, to be kept or to be closed; a second call is an error. */
  release(isToClose: boolean): void;
};

/** Opens no connection yet: the first use does. `timeoutMs` is how long it may take to open one. */
export function openPool(
  target: ConnectionTarget,
  { most, timeoutMs }: { most: number; timeoutMs: number },
): Pool {
  const client = { pipeline: true, types: typesOfMikroOrm() };
  const open = connectionOpener(target, client, timeoutMs);
  class Server extends PooledServer {
    constructor() {
      super(open);
    }
  }
  const pool = new Pool({
    max: most,
    // For what hangs behind the login: each attempt has a limit of its own.
    connectionTimeoutMillis: timeoutMs + GRACE_MS,
    Client: Server as unknown as new () => ClientBase,
  });
  // An idle connection that dies has left the pool already. An unhandled 'error' event would end the process.
  pool.on('error', () => undefined);
  return pool;
}

/** When connections were renewed last, in milliseconds of `performance.now()`. */
const renewals = new WeakMap<Pool, number>();

/** How often connections are renewed at most: while a server takes no writes, every write asks for it. */
const RENEWAL_PAUSE_MS = 1_000;

/** Closes the connections that are open now, each at its next use. */
export function renewConnections(pool: Pool): void {
  const nowMs = performance.now();
  if (nowMs - (renewals.get(pool) ?? Number.NEGATIVE_INFINITY) >= RENEWAL_PAUSE_MS) {
    renewals.set(pool, nowMs);
  }
}

export async function checkOut(pool: Pool): Promise<CheckedOutServer> {
  for (;;) {
    const server = (await pool.connect()) as unknown as CheckedOutServer;
    if (server.openedAtMs >= (renewals.get(pool) ?? 0)) {
      return server;
    }
    server.release(true);
  }
}

/** MikroORM reads dates and times from their texts by itself. */
function typesOfMikroOrm(): TypeOverrides {
  const overrides = new TypeOverrides();
  const parsers = createPostgreSqlTypeParsers(types.getTypeParser(TEXT_ARRAY));
  for (const [oid, parse] of Object.entries(parsers)) {
    overrides.setTypeParser(Number(oid), parse);
  }
  return overrides;
}

export interface PoolUse {
  /** Connections at most. */
  readonly limit: number;
  readonly used: number;
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

/** `waitingForSlots` callers wait before they ask the pool. */
export function poolUseOf(
  { totalCount, idleCount, waitingCount, options }: Pool,
  waitingForSlots: number,
): PoolUse {
  return {
    limit: options.max,
    used: totalCount - idleCount,
    idle: idleCount,
    waiting: waitingCount + waitingForSlots,
  };
}
