/** Evaluates accepted events: from the outbox to verdicts, enrollments and the log, in one transaction a batch. */
import type { Limits } from '../../config.ts';
import type { Clock } from '../../instant.ts';
import type { Database } from '../../store/database.ts';

export interface EvaluationDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Told of every defect that only left a dead letter behind. */
  readonly reportError: (error: unknown) => void;
}

/** How many entries of the outbox were taken, and whether the partition has more of them. */
export interface Evaluated {
  readonly evaluated: number;
  readonly hasMore: boolean;
}

export interface Evaluator {
  /**
   * Evaluates the oldest entries of a partition, at most `Limits.evaluatedEntries`, and takes them out of the outbox.
   * `BUSY`: another transaction is on the partition. Rejects when the database is not there; then nothing was done.
   */
  evaluatePartition(accountId: string, partition: number): Promise<'BUSY' | Evaluated>;
}

export function createEvaluator(_deps: EvaluationDeps): Evaluator {
  return {
    evaluatePartition: () => Promise.reject(new TypeError('the evaluator is not there yet')),
  };
}
