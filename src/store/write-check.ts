/** Finds out whether the database takes writes, for the readiness of the process. */
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import type { Pool } from 'pg';
import { sqlStateOf } from './database-error.ts';
import { renewConnections } from './driver/connection-pool.ts';
import { isWriteFailure, READ_ONLY } from './sql-states.ts';

export interface WriteCheck {
  /** Learns from the failure of a transaction. */
  observe(error: unknown): void;
  /** False on a read-only server, and as long as a trial write fails after writes have failed. */
  acceptsWrites(): Promise<boolean>;
}

/**
 * A read-only server is left: connections to it are closed at their next use, so that others are opened to a server that
 * `target_session_attrs` asks for, or to the one that the address leads to by then.
 */
export function createWriteCheck(orm: MikroORM, pool: Pool): WriteCheck {
  let isDoubtful = false;
  const query = () => (orm.em.fork() as EntityManager).getKysely();

  async function isReadOnly(): Promise<boolean> {
    const { rows } = await sql<{ read_only: boolean }>`
      select pg_is_in_recovery() or current_setting('transaction_read_only') <> 'off' as read_only`.execute(
      query(),
    );
    return rows[0]?.read_only !== false;
  }

  /** Takes a page of the database's default tablespace, as writes do, and gives it back. */
  async function canWrite(): Promise<boolean> {
    try {
      await query()
        .transaction()
        .execute(async (tx) => {
          await sql`create temporary table write_check on commit drop as select 1 as value`.execute(tx);
        });
      return true;
    } catch (error) {
      // Other failures, such as a user without the right to make temporary tables, say nothing about writes.
      return !isWriteFailure(sqlStateOf(error));
    }
  }

  return {
    observe(error) {
      const code = sqlStateOf(error);
      isDoubtful ||= isWriteFailure(code);
      if (code === READ_ONLY) {
        renewConnections(pool);
      }
    },
    async acceptsWrites() {
      if (await isReadOnly()) {
        renewConnections(pool);
        return false;
      }
      if (isDoubtful) {
        isDoubtful = !(await canWrite());
      }
      return !isDoubtful;
    },
  };
}
