/** Enrolls the athletes of backfills page by page, within the rate of each backfill. */
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import type { Config } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { type Backfill, BackfillEntity } from '../../store/entities/backfill.ts';
import { WorkflowEntity } from '../../store/entities/workflow.ts';
import { type Clock, type Instant, instantToText } from '../../values/instant.ts';
import { readStoredTrigger } from '../configuration/trigger-draft.ts';
import { liveTriggerOf } from '../configuration/workflows.ts';
import { compileTrigger, isReadable, toStoredTrigger } from '../decision/compile-trigger.ts';
import { loadAccountTypes } from '../event-types/account-types.ts';
import { type BackfillTarget, enrollPage } from './backfill-page.ts';

export interface BackfillerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly config: Config;
}

/** Safe to run several times, in several processes, on one database. */
export interface Backfiller {
  /** Enrolls one page of each due backfill. True when a backfill is due again at once. */
  runOnce(): Promise<boolean>;
}

export function createBackfiller({ database, clock, config: { limits } }: BackfillerDeps): Backfiller {
  return {
    async runOnce() {
      let isDueAgain = false;
      for (const { accountId, id } of await findDue(database, clock())) {
        const advance = (tx: Transaction) => enrollNextPage(tx, id);
        isDueAgain = (await database.transaction(accountId, advance)) || isDueAgain;
      }
      return isDueAgain;
    },
  };

  /** True when the backfill is due again. Skips a backfill that another process has locked. */
  async function enrollNextPage(tx: Transaction, id: string): Promise<boolean> {
    const now = clock();
    const backfill = await tx.em.findOne(
      BackfillEntity,
      { accountId: tx.accountId, id, dueAt: { $lte: now } },
      { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
    );
    if (!backfill) {
      return false;
    }
    const target = await loadTarget(tx, backfill);
    const most = Math.min(Math.ceil(backfill.ratePerMinute / 60), limits.backfillPageSize);
    const page = target ? await enrollPage(tx, backfill, target, { most, now, limits }) : ENDED;
    backfill.enrolledCount += page.enrolledCount;
    if (page.position === null) {
      Object.assign(backfill, { dueAt: null, endedAt: now });
      return false;
    }
    backfill.position = page.position;
    backfill.dueAt = nextDue(backfill, page.enrolledCount, now);
    return backfill.dueAt <= now;
  }
}

const ENDED = { position: null, enrolledCount: 0 };

/** How far a late backfill may be behind its schedule and still catch up, in microseconds. */
const MOST_BEHIND = 1_000_000n;

/** The time of the next page, by the rate and the number of athletes just enrolled. */
function nextDue({ dueAt, ratePerMinute }: Backfill, enrolled: number, now: Instant): Instant {
  const from = dueAt && dueAt > now - MOST_BEHIND ? dueAt : now - MOST_BEHIND;
  return from + BigInt(Math.ceil((enrolled * 60_000_000) / ratePerMinute));
}

async function findDue(database: Database, now: Instant) {
  return database.acrossAccounts(async (db) => {
    const { rows } = await sql<{ accountId: string; id: string }>`
      select account_id as "accountId", id from backfills
      where due_at <= ${instantToText(now)}
      order by due_at`.execute(db);
    return rows;
  });
}

/** Undefined when the backfill must end: the trigger is not activated, or changed after the confirmation. */
async function loadTarget(tx: Transaction, backfill: Backfill): Promise<BackfillTarget | undefined> {
  const { accountId } = tx;
  const { workflowId, startedAt } = backfill;
  const workflow = await tx.em.findOneOrFail(WorkflowEntity, { accountId, id: workflowId });
  const trigger = await liveTriggerOf(tx, workflowId);
  if (workflow.status !== 'ACTIVE' || !trigger?.isActive || trigger.updatedAt > startedAt) {
    return undefined;
  }
  const types = await loadAccountTypes(tx);
  const compiled = compileTrigger(toStoredTrigger(trigger), types);
  const type = types.eventType(trigger.triggerEvent);
  if (!type || !isReadable(compiled.rule)) {
    return undefined;
  }
  const { filter } = readStoredTrigger(trigger);
  return { filter, trigger: compiled, catalogue: types.fieldCatalogue(type) };
}
