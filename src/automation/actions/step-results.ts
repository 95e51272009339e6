/** What branches and templates read of a run: the results of its earlier steps that have a name. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { Transaction } from '../../store/database.ts';
import { ActionExecutionEntity } from '../../store/entities/action-execution.ts';
import type { Instant } from '../../values/instant.ts';
import type { Run } from './load-run.ts';
import type { ChoiceDeps } from './step.ts';

/** By name: outcome, reason, taken, and the status and the body that a webhook's receiver answered. */
export async function readStepResults(
  tx: Transaction,
  { program, step: { accountId, enrollmentId } }: Pick<Run, 'program' | 'step'>,
): Promise<JsonObject> {
  const executed = await tx.em.find(ActionExecutionEntity, { accountId, enrollmentId });
  const named = executed.flatMap(({ step, outcome, reason, taken, answer }): [string, JsonObject][] => {
    const name = program[step]?.name;
    const { status = null, body = null } = (answer ?? {}) as JsonObject;
    return name ? [[name, { outcome, reason: reason ?? null, taken: taken ?? null, status, body }]] : [];
  });
  return Object.fromEntries(named);
}

/** What a choice reads; the results of steps are read only by the choice that asks for them. */
export function choiceDeps(tx: Transaction, run: Run, now: Instant): ChoiceDeps {
  return {
    ...{ tx, now, triggerEvent: run.triggerEvent },
    results: () => readStepResults(tx, run),
  };
}
