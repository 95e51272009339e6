/** The pool of connections to one database: how they are opened, and how busy they are. */
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql';
import { type ClientBase, Pool, TypeOverrides, types } from 'pg';
import type { ConnectionTarget } from './connection-target.ts';
import { connectionOpener, PooledServer } from './pooled-server.ts';

/** PostgreSQL's type number of text[]. */
const TEXT_ARRAY: number = 1009;

/** How much longer than the timeout the pool waits, so that the error is that of the server. */
const GRACE_MS = 250;

/** A connection that was taken from the pool. */
export type CheckedOutServer = PooledServer & {
  /** Returns it, to be kept or closed; a second call is an error. */
  release(isToClose: boolean): void;
};

/** Opens connections on use. `timeoutMs` is the timeout of opening one. */
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
    // For a server that hangs after the login; each attempt has its own timeout.
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

/** MikroORM parses dates and times from their texts itself. */
function typesOfMikroOrm(): TypeOverrides {
  const overrides = new TypeOverrides();
  const parsers = createPostgreSqlTypeParsers(types.getTypeParser(TEXT_ARRAY));
  for (const [oid, parse] of Object.entries(parsers)) {
    overrides.setTypeParser(Number(oid), parse);
  }
  return overrides;
}

export interface PoolUse {
  /** The maximum number of connections. */
  readonly limit: number;
  readonly used: number;
  readonly idle: number;
  /** The number of callers that wait for one. */
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
