/** Removes what accounts do not keep any more: a bounded batch for each transaction, by turns over the accounts. */
import { sql } from 'kysely';
import type { Limits } from '../config/config.ts';
import { REMOVES_BEFORE } from '../store/cluster.ts';
import type { Database, Transaction } from '../store/database.ts';
import { type Clock, type Instant, instantToText } from '../values/instant.ts';
import type { Place, RemoveBatch } from './remove-batch.ts';
import { removeEvents } from './remove-events.ts';
import { removeAuditEntries, removeExecutions, removeRequestIds } from './remove-records.ts';
import { removeRuns } from './remove-runs.ts';
import { loadRetention, type RetentionPolicy } from './retention-policy.ts';

/** The kinds of rows in the order of a pass: a run that goes releases its event. */
const KINDS = [
  { name: 'executions', daysOf: ({ executionsDays }) => executionsDays, remove: removeExecutions },
  { name: 'runs', daysOf: ({ runsDays }) => runsDays, remove: removeRuns },
  { name: 'events', daysOf: ({ eventsDays }) => eventsDays, remove: removeEvents },
  { name: 'audit', daysOf: ({ auditDays }) => auditDays, remove: removeAuditEntries },
  { name: 'request_ids', daysOf: ({ requestIdsDays }) => requestIdsDays, remove: removeRequestIds },
] as const satisfies readonly {
  name: string;
  daysOf: (policy: RetentionPolicy) => number;
  remove: RemoveBatch;
}[];

export interface RetentionDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly observer?: RetentionObserver | undefined;
}

export interface RetentionObserver {
  /** Rows of a kind were removed. */
  removed(kind: string, rows: number): void;
}

/** Safe to run in several processes on one database. */
export interface RetentionWorker {
  /** Removes a batch of each account that is due. True when an account is due again at once. */
  runOnce(): Promise<boolean>;
}

const DAY = 86_400_000_000n;

export function createRetentionWorker({ database, clock, limits, observer }: RetentionDeps): RetentionWorker {
  return {
    async runOnce() {
      let isDueAgain = false;
      for (const accountId of await findDue(database, clock())) {
        const { removed, kind, hasMore } = await database.transaction(accountId, continuePass);
        isDueAgain ||= hasMore;
        if (kind && removed > 0) {
          observer?.removed(kind, removed);
        }
      }
      return isDueAgain;
    },
  };

  /** Skips an account that another process has locked. */
  async function continuePass(tx: Transaction) {
    const now = clock();
    const place = await lockPlace(tx, now);
    if (!place) {
      return { removed: 0, hasMore: false };
    }
    const policy = await loadRetention(tx);
    const kept = KINDS.filter(({ daysOf }) => daysOf(policy) > 0);
    const from = kept.findIndex(({ name }) => name === place.kind);
    const current = kept[Math.max(0, from)];
    if (!current) {
      return { removed: 0, hasMore: false };
    }
    const batch = {
      now: instantToText(now),
      horizon: instantToText(now - BigInt(current.daysOf(policy)) * DAY),
      after: from < 0 ? undefined : place.after,
      limit: limits.retentionBatchRows,
    };
    if (tx.isDistributed) {
      await sql`set local ${sql.raw(REMOVES_BEFORE)} = ${sql.lit(batch.horizon)}`.execute(tx.sql);
    }
    const { removed, next } = await current.remove(tx, batch);
    const following = next ? current : kept[Math.max(0, from) + 1];
    const dueAt = following ? now : now + BigInt(limits.retentionPauseMs) * 1_000n;
    await savePlace(tx, dueAt, following?.name, next);
    return { removed, kind: current.name, hasMore: following !== undefined };
  }
}

async function findDue(database: Database, now: Instant): Promise<string[]> {
  return database.acrossAccounts(async (db) => {
    const { rows } = await sql<{ accountId: string }>`
      select account_id as "accountId" from retention_policies
      where due_at <= ${instantToText(now)}::timestamptz
      order by due_at`.execute(db);
    return rows.map(({ accountId }) => accountId);
  });
}

interface PassPlace {
  readonly kind: string | null;
  readonly after: Place | undefined;
}

async function lockPlace({ accountId, sql: db }: Transaction, now: Instant): Promise<PassPlace | undefined> {
  const { rows } = await sql<{ kind: string | null; after_at: string | null; after_id: string | null }>`
    select kind, after_at, after_id from retention_policies
    where account_id = ${accountId} and due_at <= ${instantToText(now)}::timestamptz
    for no key update skip locked`.execute(db);
  const [row] = rows;
  return (
    row && {
      kind: row.kind,
      after:
        row.after_at !== null && row.after_id !== null ? { at: row.after_at, id: row.after_id } : undefined,
    }
  );
}

async function savePlace(
  { accountId, sql: db }: Transaction,
  dueAt: Instant,
  kind: string | undefined,
  next: Place | undefined,
): Promise<void> {
  await sql`
    update retention_policies set due_at = ${instantToText(dueAt)}, kind = ${kind ?? null},
      after_at = ${next?.at ?? null}, after_id = ${next?.id ?? null}
    where account_id = ${accountId}`.execute(db);
}
