/** Remembers which transactions write entries to the outbox, so that their commits wake workers. */
import type { EntityManager } from '@mikro-orm/core';

const writers = new WeakSet<EntityManager>();

/** The transaction writes entries; see `Database.onEntries`. */
export function noteEntries({ em }: { readonly em: EntityManager }): void {
  writers.add(em);
}

export function hasNotedEntries(em: EntityManager): boolean {
  return writers.has(em);
}
