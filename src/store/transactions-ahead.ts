/**
 * Events that lie ahead: a dump keeps the numbers of the transactions that wrote them, and a younger cluster has not reached
 * those yet. Readers of the log see only what older transactions wrote, so these events would stay hidden.
 */
import type { EntityManager } from '@mikro-orm/postgresql';
import { type QueryExecutorProvider, sql } from 'kysely';
import { StartError } from '../errors/start-error.ts';
import type { Database } from './database.ts';
import { sqlStateOf } from './database-error.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Events that one transaction brings below the present. */
const STEP = 5_000;

/** A number that no transaction of a visible row has yet. Asked for alone: on a cluster it is that of the coordinator. */
async function readNextTransaction(db: QueryExecutorProvider): Promise<string> {
  const { rows } = await sql<{ next: string }>`
    select pg_snapshot_xmax(pg_current_snapshot())::text as next`.execute(db);
  return rows[0]?.next ?? '0';
}

/**
 * The accounts with events that lie ahead. None for a login that may not take the role of workers, as that of an owner who
 * only migrates: the start of the service looks again.
 */
export async function findAccountsAhead(database: Database): Promise<string[]> {
  try {
    return await database.acrossAccounts(async (db) => {
      const next = await readNextTransaction(db);
      const { rows } = await sql<{ id: string }>`
        select id from accounts a where exists (
          select from events e where e.account_id = a.id and e.transaction_id >= ${next}::xid8)
        order by id`.execute(db);
      return rows.map(({ id }) => id);
    });
  } catch (error) {
    if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE) {
      return [];
    }
    throw error;
  }
}

/** Throws StartError when events lie ahead. */
export async function requireNothingAhead(database: Database): Promise<void> {
  const { length } = await findAccountsAhead(database);
  if (length > 0) {
    throw new StartError(
      `events of ${length} account${length === 1 ? '' : 's'} have transaction numbers that this cluster has not reached, ` +
        'as after the restore of a dump; run migrate up, or start the service, to bring them below the present',
    );
  }
}

/**
 * Gives the events that lie ahead the numbers of present transactions, in the order of the log and in bounded steps, each in
 * a transaction of the schema's owner. It may be interrupted and repeated, also by several processes. Returns their
 * number.
 */
export async function bringBelowPresent(owner: Database, accountIds: readonly string[]): Promise<number> {
  let moved = 0;
  for (const accountId of accountIds) {
    for (let last = STEP; last === STEP; moved += last) {
      last = await moveStep(owner, accountId);
    }
  }
  return moved;
}

async function moveStep(owner: Database, accountId: string): Promise<number> {
  return owner.orm.em.fork().transactional(async (em) => {
    const db = (em as EntityManager).getKysely();
    await sql`set local progression.account_id = ${sql.lit(accountId)}`.execute(db);
    const next = await readNextTransaction(db);
    const { rows } = await sql`
      update events e set transaction_id = pg_current_xact_id()
      from (
        select id from events
        where account_id = ${accountId} and transaction_id >= ${next}::xid8
        order by transaction_id, sequence, position
        limit ${STEP}
        for update
      ) ahead
      where e.account_id = ${accountId} and e.id = ahead.id
      returning e.id`.execute(db);
    return rows.length;
  });
}
