/** Sends a plan to the service, one call after the other, because an athlete's events depend on their order. */
import type { ReplayedAthlete, ReplayPlan, ReplayStep } from './replay-plan.ts';
import { type StepAnswer, sendStep } from './send-step.ts';
import type { ServiceClients } from './service-clients.ts';

export interface EventCounts {
  /** Sets, sessions, weeks and cycles: those that applied a rule, those that applied none, and known ones. */
  readonly events: { applied: number; skipped: number; replayed: number };
  /** Other calls, and those among them that were known. */
  readonly setUp: { sent: number; replayed: number };
}

/**
 * Calls `watch` for each step with its answer. Throws ConnectError; completed steps stay, and a second run continues.
 */
export async function play(
  clients: ServiceClients,
  plan: ReplayPlan,
  athlete: ReplayedAthlete,
  programId: string,
  watch: (step: ReplayStep, answer: StepAnswer) => void,
): Promise<EventCounts> {
  const counts: EventCounts = {
    events: { applied: 0, skipped: 0, replayed: 0 },
    setUp: { sent: 0, replayed: 0 },
  };
  for (const [index, step] of plan.steps.entries()) {
    const answer = await sendStep(clients, plan, athlete, programId, index);
    if (isEvent(step)) {
      counts.events[fateOf(answer)] += 1;
    } else {
      counts.setUp.sent += 1;
      counts.setUp.replayed += Number(answer.isReplayed);
    }
    watch(step, answer);
  }
  return counts;
}

export function isEvent(step: ReplayStep): boolean {
  return 'at' in step;
}

function fateOf({ isReplayed, results }: StepAnswer): keyof EventCounts['events'] {
  if (isReplayed) {
    return 'replayed';
  }
  return results.some(({ applied }) => applied) ? 'applied' : 'skipped';
}
