/** Applies migrations, one process at a time, and refuses a schema that is newer than the code. */

import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { StartError } from '../errors/start-error.ts';
import { distributeTables } from './cluster.ts';
import type { Database } from './database.ts';
import { MIGRATIONS } from './migrations.ts';

export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
}

/** The key of the advisory lock; arbitrary, but unique among programs on the same database. */
export const MIGRATION_LOCK = 7_350_114_201;

/**
 * Applies all pending migrations in one transaction and returns their names; where the tables are distributed, new ones
 * are as well. Concurrent callers wait, and then find nothing pending. Throws StartError when the database has migrations
 * that this code does not know.
 */
export function migrate(database: Database): Promise<string[]> {
  return alone(database, async (em) => {
    const applied = await appliedNames(em);
    refuseNewerSchema(applied);
    // A user without the right to change the schema can start when nothing is pending.
    if (pendingNames(applied).length === 0) {
      return [];
    }
    const done = await database.orm.migrator.up({ transaction: em.getTransactionContext() });
    if (database.isDistributed) {
      await distributeTables(em.getKysely());
    }
    return done.map(({ name }) => name);
  });
}

/**
 * Reverts the latest migration, with all data of its tables, and returns its name; undefined when there is
 * none.
 */
export function migrateDown(database: Database): Promise<string[]> {
  return alone(database, async (em) => {
    refuseNewerSchema(await appliedNames(em));
    const undone = await database.orm.migrator.down({ transaction: em.getTransactionContext() });
    return undone.map(({ name }) => name);
  });
}

/** Every migration that the code knows, oldest first. Throws StartError like migrate; changes nothing. */
export async function migrationStatus(database: Database): Promise<MigrationStatus[]> {
  const applied = await appliedNames(database.orm.em.fork());
  refuseNewerSchema(applied);
  return MIGRATIONS.map(({ name }) => ({ name, applied: applied.includes(name) }));
}

/** True when no migration of this code is pending. A newer schema is accepted, for rolling updates. */
export async function isMigrated(database: Database): Promise<boolean> {
  return pendingNames(await appliedNames(database.orm.em.fork())).length === 0;
}

async function alone<T>(database: Database, work: (em: EntityManager) => Promise<T>): Promise<T> {
  const fork = database.orm.em.fork();
  try {
    return await fork.transactional(async (em) => {
      await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(em.getKysely());
      return work(em as EntityManager);
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (code === '42501') {
      throw new StartError(
        `the database's user may not change the schema (${message}); run migrate up as its owner, ` +
          'or set MIGRATION_DATABASE_URL',
      );
    }
    throw error;
  }
}

async function appliedNames(em: EntityManager): Promise<string[]> {
  const { rows: tables } = await sql<{ exists: boolean }>`
    select to_regclass('mikro_orm_migrations') is not null as exists`.execute(em.getKysely());
  if (!tables[0]?.exists) {
    return [];
  }
  const { rows } = await sql<{ name: string }>`
    select name from mikro_orm_migrations order by id`.execute(em.getKysely());
  return rows.map(({ name }) => name);
}

function pendingNames(applied: readonly string[]): string[] {
  return MIGRATIONS.map(({ name }) => name).filter((name) => !applied.includes(name));
}

function refuseNewerSchema(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !MIGRATIONS.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    throw new StartError(
      `the schema is newer than this code: the database has ${unknown.join(', ')}; start a newer version`,
    );
  }
}
