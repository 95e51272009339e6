/** Reads an account's stored triggers and whether each is activated. */
import { sql } from 'kysely';
import type { JsonValue } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import type { StoredTrigger } from '../decision/compile-trigger.ts';

export interface ChangedTrigger extends StoredTrigger {
  /** True when the trigger is active, not deleted, and its workflow is ACTIVE. */
  readonly isActivated: boolean;
}

interface TriggerRow {
  id: string;
  workflow_id: string;
  trigger_event: string;
  version: number;
  filters: JsonValue;
  settings: JsonValue;
  revision: string;
  takes_part: boolean;
}

const PAGE = 1_000;

/** A state of an account's triggers, workflows, fields and event types. */
export interface AutomationRevision {
  /** Counts the changes; a failover that lost some makes it go back. */
  readonly number: bigint;
  /** Random, and so never given twice. */
  readonly identity: string;
  /** Those of the latest revisions, this one included. */
  readonly identities: readonly string[];
}

/** Undefined until the account has a workflow. */
export async function readAutomationRevision({
  accountId,
  sql: db,
}: Transaction): Promise<AutomationRevision | undefined> {
  const { rows } = await sql<{ revision: string; identities: string[] }>`
    select revision, identities::text[] from automation_revisions where account_id = ${accountId}`.execute(
    db,
  );
  const [row] = rows;
  const identity = row?.identities[0];
  return row && identity !== undefined
    ? { number: BigInt(row.revision), identity, identities: row.identities }
    : undefined;
}

/**
 * Yields the triggers that changed after a revision, page by page; with `since` null, only the activated
 * triggers.
 */
export async function* readChangedTriggers(
  { accountId, sql: db }: Transaction,
  since: bigint | null,
): AsyncGenerator<ChangedTrigger[]> {
  let cursor = { revision: String(since ?? -1n), id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };
  while (true) {
    const { rows } = await sql<TriggerRow>`
      select t.id, t.workflow_id, t.trigger_event, t.version, t.filters, t.settings, t.revision,
        ${IS_ACTIVATED} as takes_part
      from workflow_triggers t
      join workflows w on w.account_id = t.account_id and w.id = t.workflow_id
      where t.account_id = ${accountId} and (t.revision, t.id) > (${cursor.revision}::bigint, ${cursor.id}::uuid)
        and (${since !== null} or ${IS_ACTIVATED})
      order by t.revision, t.id
      limit ${PAGE}`.execute(db);
    yield rows.map(toChangedTrigger);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) {
      return;
    }
    cursor = last;
  }
}

const IS_ACTIVATED = sql`(t.is_active and t.deleted_at is null and w.status = 'ACTIVE')`;

function toChangedTrigger(row: TriggerRow): ChangedTrigger {
  const { id, version, filters, settings } = row;
  return {
    id,
    version,
    filters,
    settings,
    workflowId: row.workflow_id,
    event: row.trigger_event,
    isActivated: row.takes_part,
  };
}
