/** Reads the results of the earlier steps of a run that have a name. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { Transaction } from '../../store/database.ts';
import { ActionExecutionEntity } from '../../store/entities/action-execution.ts';
import type { Run } from './load-run.ts';

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
