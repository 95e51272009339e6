/** Kysely's PostgreSQL dialect, over connections whose statements can be sent without waiting for their answers. */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  PostgresDriver,
  type TransactionSettings,
} from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { type NameStatement, PipelinedConnection } from './pipelined-connection.ts';

const BEGIN = CompiledQuery.raw('begin');

/** The clients of the pool must be in pipeline mode. The pool is closed with the Kysely instance. */
export class PipelinedDialect extends PostgresDialect {
  readonly pool: Pool;
  readonly #nameOf: NameStatement;

  constructor(pool: Pool, nameOf: NameStatement) {
    super({ pool });
    this.pool = pool;
    this.#nameOf = nameOf;
  }

  override createDriver(): Driver {
    return new PipelinedDriver(this.pool, this.#nameOf);
  }
}

/** `begin` is sent and not awaited; what is not overridden runs awaited statements on the same connection. */
class PipelinedDriver extends PostgresDriver {
  readonly #pool: Pool;
  readonly #nameOf: NameStatement;
  readonly #connections = new WeakMap<PoolClient, PipelinedConnection>();

  constructor(pool: Pool, nameOf: NameStatement) {
    super({ pool });
    this.#pool = pool;
    this.#nameOf = nameOf;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const client = await this.#pool.connect();
    let connection = this.#connections.get(client);
    if (!connection) {
      connection = new PipelinedConnection(client, this.#nameOf);
      this.#connections.set(client, connection);
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
