/** Each verdict that starts a run has exactly one run, which has ended, with each step done once. */
import { DEMO_ACCOUNT_ID } from '../../../src/config/config.ts';
import type { History, Violation } from '../run-history.ts';

export function checkRuns({ accounts, stored: all }: History): Violation[] {
  const violations: Violation[] = [];
  // A server fills the demo account when it starts; no client waits for its runs.
  const isChecked = ({ accountId }: { accountId: string }) => accountId !== DEMO_ACCOUNT_ID;
  const stored = { ...all, runs: all.runs.filter(isChecked), events: all.events.filter(isChecked) };
  const report = (detail: string) => violations.push({ rule: 'RUN_ONCE', detail });
  const started = new Set(stored.events.flatMap(({ runIds }) => runIds));
  const seen = new Set<string>();
  for (const { id, state, steps, stepCount } of stored.runs) {
    if (seen.has(id)) {
      report(`run ${id} is stored twice`);
    }
    seen.add(id);
    if (!started.delete(id)) {
      report(`run ${id} was started by no verdict`);
    }
    if (state !== 'COMPLETED') {
      report(`run ${id} is ${state}`);
    } else if (steps.length !== stepCount || steps.some((step, index) => step !== index)) {
      report(`run ${id} has recorded the steps ${steps.join(', ')} of ${stepCount}`);
    }
  }
  for (const id of started) {
    report(`run ${id} was started by a verdict, but is not stored`);
  }
  return [...violations, ...checkEmitted({ accounts, stored })];
}

/** Each completed run has emitted exactly one event. */
function checkEmitted({ accounts, stored }: Pick<History, 'accounts' | 'stored'>): Violation[] {
  const emittedTypes = new Map(accounts.map((account) => [account.accountId, account]));
  const emissions = new Map<string, number>();
  for (const { accountId, type, causationId } of stored.events) {
    if (type === emittedTypes.get(accountId)?.emittedEvent) {
      emissions.set(`${causationId}`, (emissions.get(`${causationId}`) ?? 0) + 1);
    }
  }
  const violations: Violation[] = [];
  const report = (detail: string) => violations.push({ rule: 'RUN_ONCE', detail });
  for (const { accountId, id, eventId, state } of stored.runs) {
    if (emittedTypes.has(accountId) && state === 'COMPLETED') {
      const count = emissions.get(`${eventId}`) ?? 0;
      emissions.delete(`${eventId}`);
      if (count !== 1) {
        report(`run ${id} has emitted ${count} events instead of one`);
      }
    }
  }
  for (const eventId of emissions.keys()) {
    report(`event ${eventId} caused an emitted event without a run`);
  }
  return violations;
}
