/** What a transaction starts with: a role that bypasses nothing, the account that it belongs to, its time limits. */
import { type QueryExecutorProvider, sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import { sendStatement } from './driver/statements.ts';

/** Owns no table and is subject to every policy; see the migration that makes it. */
export const APPLICATION_ROLE = 'progression_app';

/** Sees of every account where and when something is due, and nothing else; see the migration that makes it. */
export const WORKER_ROLE = 'progression_worker';

interface Entered {
  readonly accountId: string;
  readonly isDistributed: boolean;
  readonly sql: QueryExecutorProvider;
}

/** How long a transaction may take. */
export interface TransactionLimits {
  /** `performance.now()` at which whatever still runs in the database ends, with DEADLINE_EXCEEDED. */
  readonly deadlineAtMs?: number;
  /** How long each lock is waited for; absent: as long as it takes. */
  readonly lockWaitMs?: number;
  /** How long to wait for a connection, however many others do; absent: as long as the database's options say. */
  readonly connectionWaitMs?: number;
  /** Aborted when the caller is gone: a transaction without a connection then never begins. */
  readonly signal?: AbortSignal;
}

/**
 * Confines a transaction that has just begun to one account, in statements that are sent and not awaited: when one
 * fails, no later statement of the transaction does anything. Every setting ends with the
 * transaction: a connection goes back to the pool, this one's or a proxy's, as it came. Throws DEADLINE_EXCEEDED when
 * there is no time left.
 *
 * On a cluster, only SET LOCAL reaches the nodes that have the rows; each one alone, because the coordinator passes on the
 * whole text.
 */
export async function enterAccount(
  { accountId, isDistributed, sql: transaction }: Entered,
  { deadlineAtMs, lockWaitMs }: Pick<TransactionLimits, 'deadlineAtMs' | 'lockWaitMs'>,
): Promise<void> {
  const settings = [sql`set_config('role', ${sql.lit(APPLICATION_ROLE)}, true)`];
  const passedOn: [name: string, value: string][] = [['progression.account_id', accountId]];
  if (deadlineAtMs !== undefined) {
    const remainingMs = Math.ceil(deadlineAtMs - performance.now());
    if (remainingMs <= 0) {
      throw new DomainError('DEADLINE_EXCEEDED', 'the deadline passed');
    }
    settings.push(sql`set_config('statement_timeout', ${String(remainingMs)}, true)`);
  }
  if (lockWaitMs !== undefined) {
    passedOn.push(['lock_timeout', String(Math.ceil(lockWaitMs))]);
  }
  if (!isDistributed) {
    settings.push(...passedOn.map(([name, value]) => sql`set_config(${sql.lit(name)}, ${value}, true)`));
  }
  await sendStatement(transaction, sql`select ${sql.join(settings)}`.compile(transaction));
  for (const [name, value] of isDistributed ? passedOn : []) {
    await sendStatement(
      transaction,
      sql`set local ${sql.raw(name)} = ${sql.lit(value)}`.compile(transaction),
    );
  }
}

/** Confines a transaction that has just begun to what workers may see of all accounts; sent and not awaited. */
export async function enterWorker(transaction: QueryExecutorProvider): Promise<void> {
  const role = sql`select set_config('role', ${sql.lit(WORKER_ROLE)}, true)`;
  await sendStatement(transaction, role.compile(transaction));
}
