/** Runs of workflows: one for each verdict that begins one, gone through to the end, each step once. */
import type { History, Violation } from '../history.ts';

export function checkRuns({ accounts, stored }: History): Violation[] {
  const violations: Violation[] = [];
  const complain = (detail: string) => violations.push({ rule: 'RUN_ONCE', detail });
  const begun = new Set(stored.events.flatMap(({ runIds }) => runIds));
  const seen = new Set<string>();
  for (const { id, state, steps, stepCount } of stored.runs) {
    if (seen.has(id)) {
      complain(`run ${id} is there twice`);
    }
    seen.add(id);
    if (!begun.delete(id)) {
      complain(`run ${id} was begun by no verdict`);
    }
    if (state !== 'COMPLETED') {
      complain(`run ${id} is ${state}`);
    } else if (steps.length !== stepCount || steps.some((step, index) => step !== index)) {
      complain(`run ${id} has recorded the steps ${steps.join(', ')} of ${stepCount}`);
    }
  }
  for (const id of begun) {
    complain(`run ${id} was begun by a verdict, and is not there`);
  }
  return [...violations, ...checkEmitted({ accounts, stored })];
}

/** A step that emits an event does so once for each run. */
function checkEmitted({ accounts, stored }: Pick<History, 'accounts' | 'stored'>): Violation[] {
  const emittedTypes = new Map(accounts.map((account) => [account.accountId, account]));
  const emissions = new Map<string, number>();
  for (const { accountId, type, causationId } of stored.events) {
    if (type === emittedTypes.get(accountId)?.emittedEvent) {
      emissions.set(`${causationId}`, (emissions.get(`${causationId}`) ?? 0) + 1);
    }
  }
  const violations: Violation[] = [];
  const complain = (detail: string) => violations.push({ rule: 'RUN_ONCE', detail });
  for (const { accountId, id, eventId, state } of stored.runs) {
    if (emittedTypes.has(accountId) && state === 'COMPLETED') {
      const count = emissions.get(`${eventId}`) ?? 0;
      emissions.delete(`${eventId}`);
      if (count !== 1) {
        complain(`run ${id} has emitted ${count} events in place of one`);
      }
    }
  }
  for (const eventId of emissions.keys()) {
    complain(`an event was emitted because of ${eventId}, without a run`);
  }
  return violations;
}
