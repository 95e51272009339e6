/** The revision of a program, by which compiled rules are cached. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';

/**
 * Increments the revision, with a new identity, in the transaction of a change to the program, its rows or its calendar; in SQL, so
 * that concurrent changes both count.
 */
export async function reviseProgram(tx: Transaction, programId: string): Promise<void> {
  await sql`
    update programs set revision = revision + 1, revision_identity = ${randomUUID()}
    where account_id = ${tx.accountId} and id = ${programId}`.execute(tx.sql);
}

/**
 * Increments the revision of every program that uses a rule; the programs are locked in order of their ids.
 */
export async function reviseProgramsUsing(tx: Transaction, progressionId: string): Promise<void> {
  await sql`
    with using_it as (
      select id from programs
      where account_id = ${tx.accountId} and id in (
        select program_id from program_progressions
        where account_id = ${tx.accountId} and progression_id = ${progressionId})
      order by id
      for no key update
    )
    update programs set revision = revision + 1, revision_identity = ${randomUUID()}
    where account_id = ${tx.accountId} and id in (select id from using_it)`.execute(tx.sql);
}
