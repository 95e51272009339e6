/** Finds the workflows that what others emit may set off. */
import { sql } from 'kysely';
import type { Transaction } from '../../../store/database.ts';
import type { Emission } from '../../actions/emissions.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { JsonObject } from '../../filters/filter.ts';
import { readStoredActions } from '../stored-actions.ts';
import { readStoredTrigger } from '../trigger-draft.ts';
import type { LoopNode } from './edge.ts';

interface ListenerRow {
  readonly workflow_id: string;
  readonly name: string;
  readonly actions: unknown[];
  readonly trigger_event: string;
  readonly filters: Record<string, unknown>;
  readonly settings: Record<string, unknown>;
}

/**
 * Workflows whose trigger takes part and waits for one of these emissions, but for those that are known already. What
 * an event's configuration settles is looked at here, the filter is not.
 */
export async function findListeners(
  tx: Transaction,
  emissions: readonly Emission[],
  types: AccountTypes,
  knownIds: readonly string[],
): Promise<LoopNode[]> {
  const asked = distinct(emissions.map((emission) => [emission.type, settledBy(emission, types)]));
  if (asked.length === 0) {
    return [];
  }
  const { rows } = await sql<ListenerRow>`
    select distinct on (w.id) w.id as workflow_id, w.name, w.actions, t.trigger_event, t.filters, t.settings
    from unnest(${asked.map(([type]) => type)}::text[], ${asked.map(([, known]) => known)}::jsonb[])
      as e (event, known)
    join workflow_triggers t on t.account_id = ${tx.accountId} and t.trigger_event = e.event
      and t.is_active and t.deleted_at is null
      and (e.known is null or coalesce(t.settings -> 'configuration', '{}') <@ e.known)
    join workflows w on w.account_id = t.account_id and w.id = t.workflow_id and w.status = 'ACTIVE'
    where w.id <> all(${knownIds}::uuid[])
    order by w.id`.execute(tx.sql);
  return rows.map(nodeOfRow);
}

/** What triggers on the event must have in their configuration, as JSON; null where that is not known. */
function settledBy({ type, known }: Emission, types: AccountTypes): string | null {
  const required = types.eventType(type)?.requiredConfiguration ?? [];
  const settled: JsonObject = Object.fromEntries(required.map((name) => [name, known[name] ?? null]));
  return Object.values(settled).includes(null) ? null : JSON.stringify(settled);
}

function distinct(
  pairs: readonly (readonly [string, string | null])[],
): (readonly [string, string | null])[] {
  return [...new Map(pairs.map((pair) => [JSON.stringify(pair), pair])).values()];
}

function nodeOfRow({ workflow_id: workflowId, name, actions, ...row }: ListenerRow): LoopNode {
  const { trigger_event: triggerEvent, filters, settings } = row;
  return {
    ...{ workflowId, name, actions: readStoredActions(actions) },
    trigger: readStoredTrigger({ triggerType: '', triggerEvent, filters, settings, isActive: true }),
  };
}
