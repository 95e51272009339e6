/** How many calls of a process watch events: each keeps looking, so there is room for so many. */
import type { Limits } from '../config.ts';
import { DomainError } from '../domain-error.ts';

export interface WatcherPlaces {
  /** Takes a place; what it answers gives it back, once. RATE_LIMITED when the account has its share; OVERLOADED when all do. */
  enter(accountId: string): () => void;
}

export function createWatcherPlaces(limits: Pick<Limits, 'watchers' | 'watchersPerAccount'>): WatcherPlaces {
  const taken = new Map<string, number>();
  let total = 0;

  function take(accountId: string, count: 1 | -1): void {
    total += count;
    const ofAccount = (taken.get(accountId) ?? 0) + count;
    if (ofAccount > 0) {
      taken.set(accountId, ofAccount);
    } else {
      taken.delete(accountId);
    }
  }
  return {
    enter(accountId) {
      if ((taken.get(accountId) ?? 0) >= limits.watchersPerAccount) {
        throw new DomainError('RATE_LIMITED', 'too many calls of the account watch events', {
          metadata: { quota: 'watchersPerAccount', most: String(limits.watchersPerAccount) },
        });
      }
      if (total >= limits.watchers) {
        throw new DomainError('OVERLOADED', 'too many calls watch events', {
          metadata: { limit: 'watchers', most: String(limits.watchers) },
        });
      }
      take(accountId, 1);
      let isTaken = true;
      return () => {
        if (isTaken) {
          isTaken = false;
          take(accountId, -1);
        }
      };
    },
  };
}
