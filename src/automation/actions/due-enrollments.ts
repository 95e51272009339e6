/** Finds runs whose next step is due, with turns over accounts. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';

/** Due runs of any account. */
export interface DueEnrollment {
  readonly accountId: string;
  readonly id: string;
}

/**
 * Oldest first within an account, accounts in turn. `without` lists enrollments that are already being
 * processed.
 */
export async function findDueEnrollments(
  database: Database,
  now: Instant,
  limits: Pick<Limits, 'dueEnrollments' | 'dueEnrollmentsPerAccount'>,
  without: readonly string[],
): Promise<DueEnrollment[]> {
  const { dueEnrollments, dueEnrollmentsPerAccount } = limits;
  return database.acrossAccounts(async (db) => {
    const found = await readDue(db, now, dueEnrollments, { enrollmentIds: without, accountIds: [] });
    const byAccount = groupByAccount(found);
    if (found.length === dueEnrollments) {
      // Accounts that have reached their share would hide the accounts behind them.
      const busy = [...byAccount].filter(([, { length }]) => length >= dueEnrollmentsPerAccount);
      const accountIds = busy.map(([accountId]) => accountId);
      const others = await readDue(db, now, dueEnrollments, { enrollmentIds: without, accountIds });
      for (const [accountId, due] of groupByAccount(others)) {
        byAccount.set(accountId, due);
      }
    }
    return takeTurns([...byAccount.values()].map((due) => due.slice(0, dueEnrollmentsPerAccount)));
  });
}

interface Excluded {
  readonly enrollmentIds: readonly string[];
  readonly accountIds: readonly string[];
}

async function readDue(
  db: Transaction['sql'],
  now: Instant,
  limit: number,
  { enrollmentIds, accountIds }: Excluded,
): Promise<DueEnrollment[]> {
  const { rows } = await sql<DueEnrollment>`
    select account_id as "accountId", id from workflow_enrollments
    where due_at <= ${instantToText(now)} and state in ('TRIGGERED', 'ACTIVE')
      and id <> all(${enrollmentIds}::uuid[]) and account_id <> all(${accountIds}::uuid[])
    order by due_at
    limit ${limit}`.execute(db);
  return rows;
}

function groupByAccount(due: readonly DueEnrollment[]): Map<string, DueEnrollment[]> {
  return Map.groupBy(due, ({ accountId }) => accountId);
}

/** Interleaves lists: the first of each, then the second of each, and so on. */
function takeTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat();
}
