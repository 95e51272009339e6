/** Keeps accounts' triggers that take part in memory, compiled and indexed, and takes up what changes of them. */
import type { Limits } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { type CompiledTrigger, compileTrigger } from '../decision/compile-trigger.ts';
import { createEventIndex, type EventIndex } from '../decision/event-index.ts';
import { type AccountTypes, createAccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { readAutomationRevision, readChangedTriggers } from './read-triggers.ts';

/** An account's triggers that take part: active, not deleted, in ACTIVE workflows. */
export interface AccountTriggers {
  readonly types: AccountTypes;
  /** Whether one of them is of the category time. */
  hasTimeTriggers(): boolean;
  /** undefined: it takes no part. */
  find(triggerId: string): CompiledTrigger | undefined;
  /** The triggers that an event may concern, in the order in which they are decided. */
  candidates(event: AcceptedEvent): readonly CompiledTrigger[];
}

export interface CandidateIndex {
  /**
   * The triggers of the transaction's account as of now, or newer. A read of one row when nothing has changed since
   * the last time, else a read of what has.
   */
  load(tx: Transaction): Promise<AccountTriggers>;
}

/** Keeps `keptAutomations` accounts and `keptTriggers` triggers at most; accounts not asked for longest go first. */
export function createCandidateIndex(
  limits: Pick<Limits, 'keptAutomations' | 'keptTriggers' | 'explainedTriggers'>,
): CandidateIndex {
  const cached = new Map<string, CachedTriggers>();
  const refreshing = new Map<string, Promise<unknown>>();
  return {
    async load(tx) {
      const revision = await readAutomationRevision(tx);
      return revision === 0n ? NO_TRIGGERS : loadAtLeast(tx, revision);
    },
  };

  /** One refresh of an account's triggers at a time: each takes up where the one before it ended. */
  async function loadAtLeast(tx: Transaction, revision: bigint): Promise<CachedTriggers> {
    for (let running = refreshing.get(tx.accountId); running; running = refreshing.get(tx.accountId)) {
      await running.catch(() => undefined);
    }
    const known = cached.get(tx.accountId);
    if (known && known.revision >= revision) {
      return keepAsMostRecent(tx.accountId, known);
    }
    const refresh = refreshTriggers(tx, known, revision, limits.explainedTriggers);
    refreshing.set(tx.accountId, refresh);
    try {
      return keepAsMostRecent(tx.accountId, await refresh);
    } finally {
      refreshing.delete(tx.accountId);
    }
  }

  /** As the one that was asked for last. */
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

/** Of an account that automates nothing. */
const NO_TRIGGERS: AccountTriggers = {
  types: createAccountTypes([], []),
  hasTimeTriggers: () => false,
  find: () => undefined,
  candidates: () => [],
};

/** What is known, brought up to the revision; made anew when the account's own fields or events have changed. */
async function refreshTriggers(
  tx: Transaction,
  known: CachedTriggers | undefined,
  revision: bigint,
  explainedTriggers: number,
): Promise<CachedTriggers> {
  const types = await loadAccountTypes(tx);
  const isSame = known !== undefined && toComparableText(known.types) === toComparableText(types);
  const triggers = isSame ? known : new CachedTriggers(types, explainedTriggers);
  for await (const page of readChangedTriggers(tx, isSame ? known.revision : null)) {
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

/** All of it that can change. */
function toComparableText({ fields, eventTypes }: AccountTypes): string {
  return JSON.stringify([fields, eventTypes.filter(({ category }) => category === 'custom')]);
}

class CachedTriggers implements AccountTriggers {
  /** Of the account's automation; what is known is this new, or newer. */
  revision = 0n;
  readonly types: AccountTypes;
  readonly #explainedTriggers: number;
  readonly #triggers = new Map<string, CompiledTrigger>();
  readonly #byEvent = new Map<string, EventIndex>();

  constructor(types: AccountTypes, explainedTriggers: number) {
    this.types = types;
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
    return [...this.#byEvent.keys()].some((event) => this.types.eventType(event)?.category === 'time');
  }

  find(triggerId: string): CompiledTrigger | undefined {
    return this.#triggers.get(triggerId);
  }

  /** An occurrence is for its trigger alone. */
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
