/**
 * Edges between workflows: whether an event that one workflow emits starts another (certainly, possibly or
 * not), and which triggers listen to it.
 */

import { sql } from 'kysely';
import {
  type FieldCatalogue,
  type FilterCondition,
  type FilterGroup,
  FilterUnreadable,
  isEmptyGroup,
  type JsonObject,
  type JsonValue,
} from '../../../filters/filter.ts';
import { readStoredFilter } from '../../../filters/read-filter.ts';
import { predictVerdict } from '../../../filters/refute-filter.ts';
import type { Transaction } from '../../../store/database.ts';
import { type Emission, emissionsOfAll } from '../../actions/emissions.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { EventType } from '../../event-types/event-type.ts';
import { readStoredActions } from '../stored-actions.ts';

/** A workflow whose trigger is active, or about to be. */
export interface LoopNode {
  readonly workflowId: string;
  readonly name: string;
  readonly trigger: LoopTrigger;
  /** The emissions of its actions, in order. */
  emissions(): readonly Emission[];
}

/** What decides whether a trigger matches. */
interface LoopTrigger {
  readonly triggerEvent: string;
  readonly filter: FilterGroup;
  readonly configuration: Readonly<Record<string, string>>;
}

export type Edge = 'CERTAIN' | 'POSSIBLE' | 'NONE';

/** Whether the emission starts the workflow. */
export function edgeOf(emission: Emission, { trigger }: LoopNode, types: AccountTypes): Edge {
  const eventType = types.eventType(trigger.triggerEvent);
  if (emission.type !== trigger.triggerEvent || !eventType) {
    return 'NONE';
  }
  const verdict = verdictOf(
    wholeFilter(trigger),
    types.fieldCatalogue(eventType),
    knownOf(emission, eventType),
  );
  if (verdict === false) {
    return 'NONE';
  }
  return verdict === true && emission.isCertain ? 'CERTAIN' : 'POSSIBLE';
}

/** A filter that cannot be read matches nothing until it is repaired, and the repair is checked again. */
function verdictOf(filter: FilterGroup, catalogue: FieldCatalogue, known: JsonObject): boolean | undefined {
  try {
    return predictVerdict(filter, catalogue, known, { actor: 'AUTOMATION' });
  } catch (error) {
    if (error instanceof FilterUnreadable) {
      return false;
    }
    throw error;
  }
}

/** The configuration counts as conditions that are combined with the filter by AND. */
function wholeFilter({ filter, configuration }: LoopTrigger): FilterGroup {
  const conditions = Object.entries(configuration).map(
    ([field, value]): FilterCondition => ({ field, operator: 'equals', value }),
  );
  return { logic: 'AND', not: false, conditions, groups: isEmptyGroup(filter) ? [] : [filter] };
}

/** In a complete emission, fields that are not listed are absent. */
function knownOf({ known, isComplete }: Emission, { fields }: EventType): JsonObject {
  const absent = isComplete ? Object.fromEntries(fields.map(({ name }) => [name, null])) : {};
  return { ...absent, ...known };
}

/**
 * Finds listeners by event type and by the configuration that the emission determines; filters are not
 * evaluated.
 */
export type ListenersOf = (emission: Emission) => readonly LoopNode[];

/** Reads the listeners of these emissions in one query. */
export type LoadListeners = (emissions: readonly Emission[]) => Promise<ListenersOf>;

interface ListenerRow {
  readonly workflow_id: string;
  readonly name: string;
  /** Stored JSON, decoded only for workflows that are examined. */
  readonly actions: string;
  readonly has_exits: boolean;
  readonly trigger_event: string;
  readonly filters: JsonValue;
  readonly configuration: Record<string, string>;
}

/** Active triggers of the account; `start` as given, stored or not. */
export function createListeners(tx: Transaction, start: LoopNode, types: AccountTypes): LoadListeners {
  const known = new Map<string, LoopNode[]>();
  const listenersOf = (key: string) => known.get(key) ?? [];
  return async (emissions) => {
    const keys = [...new Set(emissions.map((emission) => keyOfEmission(emission, types)))];
    const unread = keys.filter((key) => !known.has(key));
    for (const key of unread) {
      known.set(key, keysOfTrigger(start.trigger).includes(key) ? [start] : []);
    }
    for (const node of await readListeners(tx, unread, start.workflowId)) {
      for (const key of keysOfTrigger(node.trigger).filter((each) => unread.includes(each))) {
        listenersOf(key).push(node);
      }
    }
    return (emission) => listenersOf(keyOfEmission(emission, types));
  };
}

/**
 * The keys of the emissions that the trigger listens to: an event with its configuration, which is exactly the one that
 * its event type requires; and the event with any configuration.
 */
function keysOfTrigger({ triggerEvent, configuration }: LoopTrigger): string[] {
  return [keyOf(triggerEvent, Object.entries(configuration)), keyOfAny(triggerEvent)];
}

/** An emission that does not settle the configuration may start every trigger of its type. */
function keyOfEmission({ type, known }: Emission, types: AccountTypes): string {
  const required = types.eventType(type)?.requiredConfiguration ?? [];
  const settled = required.map((name) => [name, known[name]] as const);
  return settled.every((entry): entry is readonly [string, string] => typeof entry[1] === 'string')
    ? keyOf(type, settled)
    : keyOfAny(type);
}

function keyOfAny(event: string): string {
  return JSON.stringify([event, null]);
}

function keyOf(event: string, configuration: readonly (readonly [string, string])[]): string {
  const sorted = configuration.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([event, Object.fromEntries(sorted)]);
}

async function readListeners(tx: Transaction, keys: readonly string[], startId: string): Promise<LoopNode[]> {
  if (keys.length === 0) {
    return [];
  }
  const asked = keys.map((key): [string, object | null] => JSON.parse(key));
  const pairs = asked.filter(([, configuration]) => configuration !== null);
  const withAny = asked.filter(([, configuration]) => configuration === null).map(([event]) => event);
  const events = pairs.map(([event]) => event);
  const configurations = pairs.map(([, configuration]) => JSON.stringify(configuration));
  const { rows } = await sql<ListenerRow>`
    select w.id as workflow_id, w.name, w.actions::text as actions, w.exits <> '[]' as has_exits, t.trigger_event, t.filters,
      coalesce(t.settings -> 'configuration', '{}') as configuration
    from workflow_triggers t
    join workflows w on w.account_id = t.account_id and w.id = t.workflow_id and w.status = 'ACTIVE'
    where t.account_id = ${tx.accountId} and t.is_active and t.deleted_at is null
      and t.trigger_event = any(${[...new Set([...events, ...withAny])]}::text[])
      and (t.trigger_event = any(${withAny}::text[])
        or (t.trigger_event, coalesce(t.settings -> 'configuration', '{}'))
          in (select * from unnest(${events}::text[], ${configurations}::jsonb[])))
      and w.id <> ${startId}
    order by w.id`.execute(tx.sql);
  return rows.flatMap((row) => nodeOfRow(row) ?? []);
}

/** A filter that cannot be read matches nothing until it is repaired, and the repair is checked again. */
function nodeOfRow({ workflow_id: workflowId, name, actions, ...row }: ListenerRow): LoopNode | undefined {
  const { trigger_event: triggerEvent, filters, configuration, has_exits: hasExits } = row;
  try {
    return {
      ...{ workflowId, name },
      trigger: { triggerEvent, filter: readStoredFilter(filters), configuration },
      emissions: () => emissionsOfAll(readStoredActions(JSON.parse(actions)), { hasExits }),
    };
  } catch (error) {
    if (error instanceof FilterUnreadable) {
      return undefined;
    }
    throw error;
  }
}
