/** Statements that do not run on the shards of one account alone, each with the reason why a cluster runs them all the same. */
import type { Finding } from './guarded-statements.ts';

interface StatementException {
  /** The file that sends it. */
  readonly file: string;
  readonly fault: Finding['faults'][number];
  readonly reason: string;
  /** A cluster has another form for it, which is judged where a handle is distributed. */
  readonly isOfOneServer?: true;
}

export const STATEMENT_EXCEPTIONS: readonly StatementException[] = [
  {
    file: 'src/store/enter-account.ts',
    fault: 'a setting that stays on the coordinator',
    reason:
      'one statement in place of three; the role and the deadline are those of the coordinator on a cluster, too',
  },
  {
    file: 'src/store/database.ts',
    fault: 'an insert whose rows go through the coordinator',
    reason: 'the inserts of a flush: row-insert-driver.ts has the form of a cluster',
    isOfOneServer: true,
  },
  ...[
    'src/automation/publishing/accept-events.ts',
    'src/automation/time/occurrence-entries.ts',
    'src/automation/time/planned-sessions.ts',
  ].map((file) => ({
    file,
    fault: 'an insert whose rows go through the coordinator' as const,
    reason: 'rows with a number of acceptance: numberedRows() has the form of a cluster',
    isOfOneServer: true as const,
  })),
  {
    file: 'src/events/waiting-partitions.ts',
    fault: 'a recursive query over accounts',
    reason:
      'one lookup for each partition, whatever the number of entries; a cluster groups the entries of each shard',
  },
  {
    file: 'src/events/waiting-partitions.ts',
    fault: 'a lateral query over accounts',
    reason: 'a part of the recursive query',
  },
  {
    file: 'src/retention/archived-rows.ts',
    fault: 'not a statement on rows',
    reason: 'a cursor of the coordinator over a query of one account',
  },
  {
    file: 'src/retention/get-usage.ts',
    fault: 'not a statement on rows',
    reason: 'asks the planner for an estimate, of the shard of one account',
  },
  {
    file: 'src/automation/evaluation/insert-events.ts',
    fault: 'an insert whose rows go through the coordinator',
    reason: 'the statement also deletes the entries; on a cluster another one does',
    isOfOneServer: true,
  },
];

export function isException({ file, faults, isDistributed }: Finding): boolean {
  return faults.every((fault) =>
    STATEMENT_EXCEPTIONS.some(
      (exception) =>
        exception.file === file && exception.fault === fault && !(exception.isOfOneServer && isDistributed),
    ),
  );
}
