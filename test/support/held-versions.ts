/** Stops evaluation half-way: no run can be written while a transaction holds the version of its workflow. */
import { sql } from 'kysely';
import { expect } from 'vitest';
import { readRows } from '../store/schema-dump.ts';
import type { TestDatabase } from './test-database.ts';

export interface HeldVersions {
  /** Resolves when a transaction waits for them. */
  isWaitedFor(): Promise<void>;
  release(): Promise<void>;
}

/** Resolves when every version of the account's workflows is held. */
export async function holdVersions(db: TestDatabase, accountId: string): Promise<HeldVersions> {
  const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const held = db
    .open({ connections: 1 })
    .orm.em.fork()
    .transactional(async (em) => {
      await em.execute('select 1 from workflow_versions where account_id = ? for update', [accountId]);
      begun.resolve();
      await over.promise;
    });
  await begun.promise;
  const waiting = async () => {
    const rows = await readRows<{ waiting: number }>(
      db.database,
      sql`select count(*)::int as waiting from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.waiting ?? 0;
  };
  return {
    isWaitedFor: () => expect.poll(waiting).toBeGreaterThan(0),
    async release() {
      over.resolve();
      await held;
    },
  };
}
