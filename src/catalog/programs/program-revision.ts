/** The revision of a program: what was compiled from it under one revision stays true for that revision. */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';

/**
 * Counts a change of the program, its rows or its calendar, in the transaction of that change. In SQL, so
 * that two changes at once count twice.
 */
export async function reviseProgram(tx: Transaction, programId: string): Promise<void> {
  await sql`
    update programs set revision = revision + 1
    where account_id = ${tx.accountId} and id = ${programId}`.execute(tx.sql);
}

/**
 * Counts a change of a rule for every program that uses it; the programs are locked in order of their ids.
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
    update programs set revision = revision + 1
    where account_id = ${tx.accountId} and id in (select id from using_it)`.execute(tx.sql);
}
