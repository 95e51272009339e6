/** Each verdict that starts a run has exactly one run, which has ended as it must, with each step done once. */
import { EVALUATION_LIMITS } from '../../../src/automation/evaluation/limits.ts';
import { DEMO_ACCOUNT_ID } from '../../../src/config/config.ts';
import type { History, Violation } from '../run-history.ts';

/** The clocks of servers differ, and each counts by its own. */
const CLOCKS = 3;

export function checkRuns({ accounts, stored: all }: History): Violation[] {
  const violations: Violation[] = [];
  // A server fills the demo account when it starts; no client waits for its runs.
  const isChecked = ({ accountId }: { accountId: string }) => accountId !== DEMO_ACCOUNT_ID;
  const stored = { ...all, runs: all.runs.filter(isChecked), events: all.events.filter(isChecked) };
  const report = (detail: string) => violations.push({ rule: 'RUN_ONCE', detail });
  const remindingIds = new Set(accounts.map(({ remindingId }) => remindingId));
  const started = new Set(stored.events.flatMap(({ runIds }) => runIds));
  const seen = new Set<string>();
  for (const { id, workflowId, state, steps, stepCount } of stored.runs) {
    if (seen.has(id)) {
      report(`run ${id} is stored twice`);
    }
    seen.add(id);
    if (!started.delete(id)) {
      report(`run ${id} was started by no verdict`);
    }
    if (state === 'EXITED' && remindingIds.has(workflowId)) {
      continue;
    }
    // Reminders too: their wait is over when one clock jumped back before it, and another one forward.
    if (state !== 'COMPLETED') {
      report(`run ${id} is ${state}`);
    } else if (steps.length !== stepCount || steps.some((step, index) => step !== index)) {
      report(`run ${id} has recorded the steps ${steps.join(', ')} of ${stepCount}`);
    }
  }
  for (const id of started) {
    report(`run ${id} was started by a verdict, but is not stored`);
  }
  return [...violations, ...checkEmitted({ accounts, stored }), ...checkHeld({ accounts, stored })];
}

/** Events of workflows start at most `loopEnrollments` runs of an athlete in a workflow within `loopSpanMs`, by each clock. */
function checkHeld({ accounts, stored }: Pick<History, 'accounts' | 'stored'>): Violation[] {
  const { loopEnrollments, loopSpanMs } = EVALUATION_LIMITS;
  const most = loopEnrollments * CLOCKS;
  const welcomingIds = new Set(accounts.map(({ welcomingId }) => welcomingId));
  const counted = stored.runs.filter(({ workflowId }) => welcomingIds.has(workflowId));
  return [...Map.groupBy(counted, ({ userId }) => userId)].flatMap(([userId, runs]): Violation[] => {
    const times = runs.map(({ enrolledAtMs }) => enrolledAtMs).toSorted((a, b) => a - b);
    const isLoop = times.some(
      (atMs, index) => (times[index + most] ?? Number.POSITIVE_INFINITY) < atMs + loopSpanMs,
    );
    return isLoop
      ? [{ rule: 'HELD', detail: `${userId} is held in a loop, but entered it ${runs.length} times` }]
      : [];
  });
}

/** Each completed run of the workflow that emits has emitted exactly one event. */
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
  for (const { accountId, id, workflowId, eventId, state } of stored.runs) {
    if (emittedTypes.get(accountId)?.thankingId === workflowId && state === 'COMPLETED') {
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
