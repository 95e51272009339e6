/**
 * Evaluates accepted events: from the outbox to verdicts, enrollments and the log, one transaction per batch.
 */
import type { Limits } from '../../config/config.ts';
import type { EventObserver, HandledPartitions } from '../../events/event-bus.ts';
import {
  readWaitingEntries,
  readWaitingEntry,
  removeEvaluatedEntries,
  type WaitingEntry,
} from '../../events/outbox-entries.ts';
import { traced } from '../../flow/traced.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import { tryLockPartitions } from '../../store/lock-partition.ts';
import type { Verdict } from '../decision/decide.ts';
import { type EntryEvaluation, evaluateEntries } from './evaluate-entries.ts';
import { createFailingEntries, describeFailure, isCausedByEvent } from './evaluation-failures.ts';
import { toFailure, writeEntryFailure } from './write-dead-letters.ts';

export interface EvaluatorDeps extends EntryEvaluation {
  readonly database: Database;
  readonly limits: Limits;
  /** Receives every error whose only other trace is a dead letter. */
  readonly reportError: (error: unknown) => void;
  readonly observer?: EventObserver | undefined;
}

export interface Evaluated extends HandledPartitions {
  /** Number of entries that were removed from the outbox. */
  readonly evaluated: number;
}

export interface Evaluator {
  /**
   * Evaluates the oldest entries of the partitions, at most `evaluatedEntries`, and removes them from the
   * outbox. Rejects when the database is unavailable or inconsistent; uncommitted entries stay in the outbox.
   */
  evaluatePartitions(accountId: string, partitions: readonly number[]): Promise<Evaluated>;
}

type ReadEntries = (tx: Transaction, partitions: readonly number[]) => Promise<readonly WaitingEntry[]>;

export function createEvaluator(deps: EvaluatorDeps): Evaluator {
  const { database, limits } = deps;
  const failing = createFailingEntries(limits);
  return { evaluatePartitions };

  async function evaluatePartitions(accountId: string, partitions: readonly number[]): Promise<Evaluated> {
    const read: ReadEntries = (tx, free) =>
      readWaitingEntries(tx, free, limits.evaluatedEntries, failing.userIdsInBackoff());
    try {
      const { busy, found, evaluated } = await evaluateTraced(accountId, partitions, read);
      const isFull = found === limits.evaluatedEntries || evaluated < found;
      const hasMore = evaluated > 0 && isFull;
      return { evaluated, busy, unfinished: hasMore ? exclude(partitions, busy) : [] };
    } catch (error) {
      if (!isCausedByEvent(error)) {
        throw error;
      }
      return partitions.length > 1
        ? evaluateEachPartition(accountId, partitions)
        : evaluateEntryByEntry(
            accountId,
            partitions,
            await database.transaction(accountId, (tx) => read(tx, partitions)),
          );
    }
  }

  /**
   * Evaluates each partition in its own transaction, so that a failing partition does not affect the others.
   */
  async function evaluateEachPartition(accountId: string, partitions: readonly number[]): Promise<Evaluated> {
    const done: Evaluated[] = [];
    for (const partition of partitions) {
      done.push(await evaluatePartitions(accountId, [partition]));
    }
    return {
      evaluated: done.reduce((sum, { evaluated }) => sum + evaluated, 0),
      busy: done.flatMap(({ busy }) => busy),
      unfinished: done.flatMap(({ unfinished }) => unfinished),
    };
  }

  function evaluateTraced(...[accountId, partitions, read]: Parameters<typeof evaluate>) {
    const describe = () => ({
      ...({ name: 'evaluate events', kind: 'WORK', isRoot: true } as const),
      attributes: { 'progression.partitions': partitions.length },
    });
    return traced(describe, async (attributes) => {
      const outcome = await evaluate(accountId, partitions, read);
      attributes['progression.events'] = outcome.evaluated;
      return outcome;
    });
  }

  /**
   * Locks the partitions and evaluates the entries that `read` returns, or as many of them as fit into one
   * transaction.
   */
  async function evaluate(
    accountId: string,
    partitions: readonly number[],
    read: ReadEntries,
  ): Promise<{ readonly busy: readonly number[]; readonly found: number; readonly evaluated: number }> {
    let verdicts: readonly Verdict[] = [];
    let evaluated: readonly WaitingEntry[] = [];
    const outcome = await database.transaction(accountId, async (tx) => {
      const free = await tryLockPartitions(tx, partitions);
      const busy = exclude(partitions, free);
      const found = free.length > 0 ? await read(tx, free) : [];
      if (found.length === 0) {
        return { busy, found: 0, evaluated: 0 };
      }
      const done = await evaluateEntries(tx, found, deps);
      verdicts = done.verdicts;
      evaluated = found.slice(0, done.count);
      return { busy, found: found.length, evaluated: done.count };
    });
    for (const verdict of verdicts) {
      deps.observer?.decided(verdict.reason);
      if (verdict.reason === 'ERROR') {
        deps.reportError(toTriggerError(verdict));
      }
    }
    if (evaluated.length > 0) {
      failpoint('evaluation-committed');
      const now = deps.clock();
      deps.observer?.evaluated(evaluated.map(({ recordedAt }) => Number(now - recordedAt) / 1000));
    }
    return outcome;
  }

  /**
   * Evaluates each entry of the partition in its own transaction, so that a failing entry does not affect
   * other athletes. Later entries of the same athlete wait until the failing entry succeeds or becomes a dead
   * letter.
   */
  async function evaluateEntryByEntry(
    accountId: string,
    partition: readonly number[],
    entries: readonly WaitingEntry[],
  ): Promise<Evaluated> {
    const held = new Set<string>();
    let evaluated = 0;
    for (const entry of entries) {
      const isHeld = entry.userId !== null && held.has(entry.userId);
      const outcome = isHeld ? 'FAILED' : await evaluateEntry(accountId, partition, entry);
      if (outcome === 'BUSY') {
        return { evaluated, busy: partition, unfinished: [] };
      }
      if (outcome === 'DONE') {
        evaluated += 1;
      } else if (entry.userId !== null) {
        held.add(entry.userId);
      }
    }
    const hasMore = evaluated > 0 && entries.length === limits.evaluatedEntries;
    return { evaluated, busy: [], unfinished: hasMore ? partition : [] };
  }

  /** DONE: the entry is in the log or is a dead letter. FAILED: the entry will be retried. */
  async function evaluateEntry(
    accountId: string,
    partition: readonly number[],
    entry: WaitingEntry,
  ): Promise<'BUSY' | 'DONE' | 'FAILED'> {
    try {
      const { busy } = await evaluateTraced(accountId, partition, (tx) => readWaitingEntry(tx, entry.id));
      failing.forget(entry.id);
      return busy.length > 0 ? 'BUSY' : 'DONE';
    } catch (error) {
      if (!isCausedByEvent(error)) {
        throw error;
      }
      if (!failing.recordFailure(entry)) {
        return 'FAILED';
      }
      deps.reportError(error);
      return moveToDeadLetters(accountId, partition, entry, error);
    }
  }

  /** Replaces an entry whose attempts are used up by a dead letter. */
  async function moveToDeadLetters(
    accountId: string,
    partition: readonly number[],
    entry: WaitingEntry,
    error: unknown,
  ) {
    const isMoved = await database.transaction(accountId, async (tx) => {
      const free = await tryLockPartitions(tx, partition);
      if (free.length > 0) {
        const now = deps.clock();
        await writeEntryFailure(tx, entry, describeFailure(error), { attempts: limits.entryTries, now });
        await removeEvaluatedEntries(tx, [entry.id], deps);
      }
      return free.length > 0;
    });
    if (!isMoved) {
      return 'BUSY';
    }
    failing.forget(entry.id);
    return 'DONE';
  }
}

function exclude(partitions: readonly number[], others: readonly number[]): number[] {
  return partitions.filter((each) => !others.includes(each));
}

function toTriggerError(verdict: Verdict): Error {
  const { event, trigger } = verdict.match;
  return new Error(`trigger ${trigger.id} failed in event ${event.id}: ${toFailure(verdict).message}`);
}
