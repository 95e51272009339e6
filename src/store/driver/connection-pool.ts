/** The pool of connections to one PostgreSQL: how they are opened, and how busy they are. */
import { createPostgreSqlTypeParsers } from '@mikro-orm/sql';
import { Pool, type PoolConfig, TypeOverrides, types } from 'pg';

/** PostgreSQL's type number of text[]. */
const TEXT_ARRAY: number = 1009;

/** Opens no connection yet: the first use does. `timeoutMs` is how long PostgreSQL may take to open one. */
export function openPool(server: PoolConfig, { most, timeoutMs }: { most: number; timeoutMs: number }): Pool {
  const pool = new Pool({
    ...server,
    max: most,
    connectionTimeoutMillis: timeoutMs,
    pipeline: true,
    types: typesOfMikroOrm(),
  });
  // An idle connection that dies has left the pool already. An unhandled 'error' event would end the process.
  pool.on('error', () => undefined);
  return pool;
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
