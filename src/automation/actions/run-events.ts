/** The events that tell of a run: its end, and a webhook that keeps failing. */
import type { Transaction } from '../../store/database.ts';
import { fact, writeFacts } from '../../store/outbox.ts';
import type { Instant } from '../../values/instant.ts';
import type { Run } from './load-run.ts';
import { storedActionName } from './step.ts';

/** Tells of a run that has just completed or failed, and then why; other ends are no events. */
export function tellOfEnd(tx: Transaction, run: Run, now: Instant, detail = ''): void {
  const { enrollment, step, stored } = run;
  if (enrollment.state === 'COMPLETED') {
    tell(tx, run, 'run_completed', {}, now);
  } else if (enrollment.state === 'FAILED') {
    const failed = {
      step: step.step,
      action: storedActionName(stored),
      reason: enrollment.endedReason ?? '',
      ...(detail ? { detail } : {}),
    };
    tell(tx, run, 'run_failed', failed, now);
  }
}

/** Once for each step: its webhook has failed so often, and is tried again. */
export function tellOfFailingWebhook(
  tx: Transaction,
  run: Run,
  { tries, reason, detail }: { readonly tries: number; readonly reason: string; readonly detail: string },
  now: Instant,
): void {
  tell(
    tx,
    run,
    'webhook_failing',
    { step: run.step.step, tries, reason, ...(detail ? { detail } : {}) },
    now,
  );
}

/**
 * The run is the cause, and its workflow is in the chain: a workflow that listens to such events starts neither itself
 * nor any workflow before it in the chain.
 */
function tell(
  tx: Transaction,
  { step }: Run,
  type: string,
  data: Readonly<Record<string, string | number>>,
  now: Instant,
): void {
  const told = { workflow_id: step.workflowId, run_id: step.enrollmentId, ...data };
  writeFacts(tx, [fact(type, told)], {
    userId: step.userId,
    actor: 'AUTOMATION',
    cause: step.cause,
    occurredAt: now,
    recordedAt: now,
  });
}
