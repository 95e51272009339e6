/** Caches the activated triggers of accounts, compiled and indexed, and refreshes them when they change. */
import type { Limits } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { type CompiledTrigger, compileTrigger } from '../decision/compile-trigger.ts';
import { createEventIndex, type EventIndex } from '../decision/event-index.ts';
import { type AccountTypes, createAccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { type AutomationRevision, readAutomationRevision, readChangedTriggers } from './read-triggers.ts';

/** An account's activated triggers: active, not deleted, in an ACTIVE workflow. */
export interface AccountTriggers {
  readonly types: AccountTypes;
  /** Whether a trigger that may have a schedule is activated. */
  hasTimeTriggers(): boolean;
  /** Undefined when the trigger is not activated. */
  find(triggerId: string): CompiledTrigger | undefined;
  /** The triggers that an event may concern, in the order of decision. */
  candidates(event: AcceptedEvent): readonly CompiledTrigger[];
}

export interface CandidateIndex {
  /**
   * Returns the triggers of the transaction's account, at least as new as the transaction. Reads one row when
   * nothing has changed since the last call, else the changed triggers.
   */
  load(tx: Transaction): Promise<AccountTriggers>;
}

/**
 * Caches at most `keptAutomations` accounts and `keptTriggers` triggers; the least recently used account is
 * evicted first.
 */
export function createCandidateIndex(
  limits: Pick<Limits, 'keptAutomations' | 'keptTriggers' | 'explainedTriggers'>,
): CandidateIndex {
  const cached = new Map<string, CachedTriggers>();
  const refreshing = new Map<string, Promise<unknown>>();
  return {
    async load(tx) {
      for (;;) {
        const before = cached.get(tx.accountId)?.revision;
        const revision = await readAutomationRevision(tx);
        if (!revision) {
          return NO_TRIGGERS;
        }
        const found = await loadAt(tx, revision, before);
        if (found) {
          return found;
        }
      }
    },
  };

  /**
   * Runs one refresh per account at a time; each refresh continues where the previous one ended. Undefined: another
   * transaction has cached a revision since this one was read; it must be read again, to tell a later revision from one
   * that the database has lost.
   */
  async function loadAt(
    tx: Transaction,
    revision: AutomationRevision,
    before: AutomationRevision | undefined,
  ): Promise<CachedTriggers | undefined> {
    for (let running = refreshing.get(tx.accountId); running; running = refreshing.get(tx.accountId)) {
      await running.catch(() => undefined);
    }
    const known = cached.get(tx.accountId);
    if (known && isSameRevision(known.revision, revision)) {
      return keepAsMostRecent(tx.accountId, known);
    }
    if (known && known.revision !== before) {
      return undefined;
    }
    const earlier = known && precedes(known.revision, revision) ? known : undefined;
    const refresh = refreshTriggers(tx, earlier, revision, limits.explainedTriggers);
    refreshing.set(tx.accountId, refresh);
    try {
      return keepAsMostRecent(tx.accountId, await refresh);
    } catch (error) {
      // A refresh that failed may have changed some of the triggers.
      cached.delete(tx.accountId);
      throw error;
    } finally {
      refreshing.delete(tx.accountId);
    }
  }

  function keepAsMostRecent(accountId: string, triggers: CachedTriggers): CachedTriggers {
    cached.delete(accountId);
    cached.set(accountId, triggers);
    evictLeastRecent();
    return triggers;
  }

  function evictLeastRecent(): void {
    let triggers = 0;
    for (const each of cached.values()) {
      triggers += each.size;
    }
    for (const [accountId, oldest] of cached) {
      if (cached.size === 1 || (cached.size <= limits.keptAutomations && triggers <= limits.keptTriggers)) {
        return;
      }
      cached.delete(accountId);
      triggers -= oldest.size;
    }
  }
}

function isSameRevision(one: AutomationRevision, other: AutomationRevision): boolean {
  return one.identity === other.identity && one.number === other.number;
}

/** Whether the later revision came from the earlier one; false when the database has lost it, or both are far apart. */
function precedes(earlier: AutomationRevision, later: AutomationRevision): boolean {
  return earlier.number < later.number && later.identities.includes(earlier.identity);
}

/** The triggers of an account without workflows. */
const NO_TRIGGERS: AccountTriggers = {
  types: createAccountTypes([], []),
  hasTimeTriggers: () => false,
  find: () => undefined,
  candidates: () => [],
};

/**
 * Brings the cached triggers up to the revision; rebuilds them when the account's own fields or event types
 * have changed.
 */
async function refreshTriggers(
  tx: Transaction,
  known: CachedTriggers | undefined,
  revision: AutomationRevision,
  explainedTriggers: number,
): Promise<CachedTriggers> {
  const types = await loadAccountTypes(tx);
  const isSame = known !== undefined && toComparableText(known.types) === toComparableText(types);
  const triggers = isSame ? known : new CachedTriggers(types, revision, explainedTriggers);
  for await (const page of readChangedTriggers(tx, isSame ? known.revision.number : null)) {
    for (const stored of page) {
      triggers.remove(stored.id);
      if (stored.isActivated) {
        triggers.add(compileTrigger(stored, triggers.types));
      }
    }
  }
  triggers.revision = revision;
  return triggers;
}

/** The account's own fields and event types as text; the built-in ones never change. */
function toComparableText({ fields, eventTypes }: AccountTypes): string {
  return JSON.stringify([fields, eventTypes.filter(({ category }) => category === 'custom')]);
}

class CachedTriggers implements AccountTriggers {
  /** The automation revision that the cached triggers have at least reached. */
  revision: AutomationRevision;
  readonly types: AccountTypes;
  readonly #explainedTriggers: number;
  readonly #triggers = new Map<string, CompiledTrigger>();
  readonly #byEvent = new Map<string, EventIndex>();

  constructor(types: AccountTypes, revision: AutomationRevision, explainedTriggers: number) {
    this.types = types;
    this.revision = revision;
    this.#explainedTriggers = explainedTriggers;
  }

  get size(): number {
    return this.#triggers.size;
  }

  add(trigger: CompiledTrigger): void {
    this.#triggers.set(trigger.id, trigger);
    const index = this.#byEvent.get(trigger.event) ?? createEventIndex(this.#explainedTriggers);
    index.add(trigger);
    this.#byEvent.set(trigger.event, index);
  }

  remove(triggerId: string): void {
    const trigger = this.#triggers.get(triggerId);
    const index = trigger && this.#byEvent.get(trigger.event);
    if (trigger && index) {
      this.#triggers.delete(triggerId);
      index.remove(trigger);
      if (index.size === 0) {
        this.#byEvent.delete(trigger.event);
      }
    }
  }

  hasTimeTriggers(): boolean {
    return [...this.#byEvent.keys()].some(
      (event) => event === 'athlete_inactive' || this.types.eventType(event)?.category === 'time',
    );
  }

  find(triggerId: string): CompiledTrigger | undefined {
    return this.#triggers.get(triggerId);
  }

  /** An occurrence of a time trigger concerns only its own trigger. */
  candidates(event: AcceptedEvent): readonly CompiledTrigger[] {
    if (event.userId === null) {
      return [];
    }
    if (event.triggerId !== null) {
      const trigger = this.#triggers.get(event.triggerId);
      return trigger?.event === event.type ? [trigger] : [];
    }
    return this.#byEvent.get(event.type)?.candidates(event.data) ?? [];
  }
}
