/** What branches read of the run that they are steps of. */
import type { JsonObject } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import { ActionExecutionEntity } from '../../store/entities/action-execution.ts';
import type { Instant } from '../../values/instant.ts';
import type { Run } from './load-run.ts';
import type { ChoiceDeps } from './step.ts';

export function choiceDeps(tx: Transaction, { program, triggerEvent, step }: Run, now: Instant): ChoiceDeps {
  return {
    ...{ tx, now, triggerEvent },
    async results() {
      const { accountId, enrollmentId } = step;
      const executed = await tx.em.find(ActionExecutionEntity, { accountId, enrollmentId });
      const named = executed.flatMap(({ step: number, outcome, reason, taken }): [string, JsonObject][] => {
        const name = program[number]?.name;
        return name ? [[name, { outcome, reason: reason ?? null, taken: taken ?? null }]] : [];
      });
      return Object.fromEntries(named);
    },
  };
}
