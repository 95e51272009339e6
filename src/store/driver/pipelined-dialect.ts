/** Kysely's PostgreSQL dialect, over connections whose statements can be sent without waiting for their answers. */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  PostgresDriver,
  type TransactionSettings,
} from 'kysely';
import type { Pool } from 'pg';
import { SET_FOR_TRANSACTION } from './connect-to-server.ts';
import { type CheckedOutServer, checkOut } from './connection-pool.ts';
import { type NameStatement, PipelinedConnection } from './pipelined-connection.ts';

/** Independent of the defaults of database and role: later statements of a transaction see committed changes. */
const BEGIN = CompiledQuery.raw('begin isolation level read committed');
const SET = CompiledQuery.raw(SET_FOR_TRANSACTION);

export interface DialectOptions {
  readonly nameOf: NameStatement;
  /** Whether each transaction may get another session of a proxy, without the settings of this session. */
  readonly sharesSessions: boolean;
}

/** The clients of the pool must be in pipeline mode. The pool is closed with the Kysely instance. */
export class PipelinedDialect extends PostgresDialect {
  readonly pool: Pool;
  readonly #options: DialectOptions;

  constructor(pool: Pool, options: DialectOptions) {
    super({ pool });
    this.pool = pool;
    this.#options = options;
  }

  override createDriver(): Driver {
    return new PipelinedDriver(this.pool, this.#options);
  }
}

/** `begin` is sent and not awaited; what is not overridden runs awaited statements on the same connection. */
class PipelinedDriver extends PostgresDriver {
  readonly #pool: Pool;
  readonly #options: DialectOptions;
  readonly #connections = new WeakMap<CheckedOutServer, PipelinedConnection>();

  constructor(pool: Pool, options: DialectOptions) {
    super({ pool });
    this.#pool = pool;
    this.#options = options;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const server = await checkOut(this.#pool);
    let connection = this.#connections.get(server);
    if (!connection) {
      connection = new PipelinedConnection(server, this.#options.nameOf);
      this.#connections.set(server, connection);
    }
    return connection.checkOut();
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    if (settings.isolationLevel || settings.accessMode) {
      await super.beginTransaction(connection, settings);
    } else {
      pipelined(connection).send(BEGIN);
    }
    if (this.#options.sharesSessions) {
      pipelined(connection).send(SET);
    }
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await pipelined(connection).commit();
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await pipelined(connection).rollback();
  }

  override async releaseConnection(connection: DatabaseConnection): Promise<void> {
    pipelined(connection).release();
  }
}

/** Throws TypeError for a connection of another driver. */
export function pipelined(connection: DatabaseConnection): PipelinedConnection {
  if (!(connection instanceof PipelinedConnection)) {
    throw new TypeError('the connection is not one of the pipelined driver');
  }
  return connection;
}
