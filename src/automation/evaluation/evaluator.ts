/** Evaluates accepted events: from the outbox to verdicts, enrollments and the log, in one transaction a batch. */
import type { Limits } from '../../config.ts';
import type { EventObserver } from '../../events/event-observer.ts';
import {
  readWaitingEntries,
  readWaitingEntry,
  removeEvaluatedEntries,
  type WaitingEntry,
} from '../../events/outbox-entries.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { tryLockPartition } from '../../store/lock-partition.ts';
import { failureOf, writeEntryFailure } from './dead-letters.ts';
import type { Verdict } from './decide.ts';
import { type EntryEvaluation, evaluateEntries } from './evaluate-entries.ts';
import { createFailingEntries } from './failing-entries.ts';
import { describeFailure, isOfEvent } from './failure.ts';

export interface EvaluatorDeps extends EntryEvaluation {
  readonly database: Database;
  readonly limits: Limits;
  /** Told of every defect that only left a dead letter behind. */
  readonly reportError: (error: unknown) => void;
  readonly observer?: EventObserver | undefined;
}

/** How many entries of the outbox were taken out, and whether the partition has more that can be taken at once. */
export interface Evaluated {
  readonly evaluated: number;
  readonly hasMore: boolean;
}

export interface Evaluator {
  /**
   * Evaluates the oldest entries of a partition, at most `evaluatedEntries`, and takes them out of the outbox. BUSY:
   * another transaction is on the partition. Rejects when the database is not there, or not as it should be; then what
   * was not committed is still there.
   */
  evaluatePartition(accountId: string, partition: number): Promise<'BUSY' | Evaluated>;
}

type ReadEntries = (tx: Transaction) => Promise<readonly WaitingEntry[]>;

export function createEvaluator(deps: EvaluatorDeps): Evaluator {
  const { database, limits } = deps;
  const failing = createFailingEntries(limits);
  return {
    async evaluatePartition(accountId, partition) {
      const read = (tx: Transaction) =>
        readWaitingEntries(tx, partition, limits.evaluatedEntries, failing.waitingUserIds());
      try {
        const outcome = await evaluate(accountId, partition, read);
        return outcome === 'BUSY' ? outcome : evaluatedOf(outcome.evaluated, outcome.read);
      } catch (error) {
        if (!isOfEvent(error)) {
          throw error;
        }
        return evaluateAlone(accountId, partition, await database.transaction(accountId, read));
      }
    },
  };

  function evaluatedOf(evaluated: number, read: number): Evaluated {
    const isFull = read === limits.evaluatedEntries || evaluated < read;
    return { evaluated, hasMore: evaluated > 0 && isFull };
  }

  /** One transaction for what `read` finds under the partition's lock, or as much of it as goes into one. */
  async function evaluate(
    accountId: string,
    partition: number,
    read: ReadEntries,
  ): Promise<'BUSY' | { readonly read: number; readonly evaluated: number }> {
    let verdicts: readonly Verdict[] = [];
    let evaluated: readonly WaitingEntry[] = [];
    const outcome = await database.transaction(accountId, async (tx) => {
      if (!(await tryLockPartition(tx, partition))) {
        return 'BUSY';
      }
      const found = await read(tx);
      if (found.length === 0) {
        return { read: 0, evaluated: 0 };
      }
      const done = await evaluateEntries(tx, found, deps);
      verdicts = done.verdicts;
      evaluated = found.slice(0, done.count);
      return { read: found.length, evaluated: done.count };
    });
    for (const verdict of verdicts) {
      deps.observer?.decided(verdict.reason);
      if (verdict.reason === 'ERROR') {
        deps.reportError(triggerError(verdict));
      }
    }
    if (evaluated.length > 0) {
      const now = deps.clock();
      deps.observer?.evaluated(evaluated.map(({ recordedAt }) => Number(now - recordedAt) / 1000));
    }
    return outcome;
  }

  /**
   * Each entry in a transaction of its own, so that one that fails leaves the others alone; the athlete's own wait for
   * it, until it succeeds or is a dead letter.
   */
  async function evaluateAlone(
    accountId: string,
    partition: number,
    entries: readonly WaitingEntry[],
  ): Promise<'BUSY' | Evaluated> {
    const held = new Set<string>();
    let evaluated = 0;
    for (const entry of entries) {
      const isHeld = entry.userId !== null && held.has(entry.userId);
      const outcome = isHeld ? 'FAILED' : await evaluateOne(accountId, partition, entry);
      if (outcome === 'BUSY') {
        return outcome;
      }
      if (outcome === 'DONE') {
        evaluated += 1;
      } else if (entry.userId !== null) {
        held.add(entry.userId);
      }
    }
    return { evaluated, hasMore: evaluated > 0 && entries.length === limits.evaluatedEntries };
  }

  /** DONE: it is in the log, or a dead letter. FAILED: it is tried again later. */
  async function evaluateOne(
    accountId: string,
    partition: number,
    entry: WaitingEntry,
  ): Promise<'BUSY' | 'DONE' | 'FAILED'> {
    const read = (tx: Transaction) => readWaitingEntry(tx, entry.id);
    try {
      const outcome = await evaluate(accountId, partition, read);
      failing.forget(entry.id);
      return outcome === 'BUSY' ? outcome : 'DONE';
    } catch (error) {
      if (!isOfEvent(error)) {
        throw error;
      }
      if (!failing.hasFailedForGood(entry)) {
        return 'FAILED';
      }
      deps.reportError(error);
      return bury(accountId, partition, entry, error);
    }
  }

  /** Makes a dead letter of an entry whose tries are used up. */
  async function bury(accountId: string, partition: number, entry: WaitingEntry, error: unknown) {
    const isBuried = await database.transaction(accountId, async (tx) => {
      const isLocked = await tryLockPartition(tx, partition);
      if (isLocked) {
        const now = deps.clock();
        await writeEntryFailure(tx, entry, describeFailure(error), { attempts: limits.entryTries, now });
        await removeEvaluatedEntries(tx, [entry.id], deps);
      }
      return isLocked;
    });
    if (!isBuried) {
      return 'BUSY';
    }
    failing.forget(entry.id);
    return 'DONE';
  }
}

function triggerError(verdict: Verdict): Error {
  const { event, trigger } = verdict.match;
  return new Error(`trigger ${trigger.id} failed in event ${event.id}: ${failureOf(verdict).message}`);
}
