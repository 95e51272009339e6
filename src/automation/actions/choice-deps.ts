/** What branches read of the run that they are steps of. */
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import type { Run } from './load-run.ts';
import type { ChoiceDeps } from './step.ts';
import { readStepResults } from './step-results.ts';

export function choiceDeps(tx: Transaction, run: Run, now: Instant): ChoiceDeps {
  return {
    ...{ tx, now, triggerEvent: run.triggerEvent },
    results: () => readStepResults(tx, run),
  };
}
