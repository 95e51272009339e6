/** Performs the training that a simulation assumes, through the RPCs: the same sessions, weeks, cycles and sets. */
import { v7 as uuidv7 } from 'uuid';
import { SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import type {
  ProgressionResult,
  SimulatedEvent,
  TriggerOutcome,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import type { ProgressionClient } from './progression-client.ts';

export interface Plan {
  readonly userId: string;
  readonly weeksPerCycle: number;
  readonly sessionsPerWeek: number;
  readonly days: readonly { readonly slug: string; readonly liftIds: readonly string[] }[];
  readonly weeks: number;
  readonly missedSessions?: readonly number[];
  readonly amrapReps?: number;
  readonly workReps?: number;
  /** The stages at hand of lifts that are judged by volume, by lift. */
  stagesAtHand?(): Promise<ReadonlyMap<string, StageScheme>>;
}

export interface StageScheme {
  readonly sets: number;
  readonly reps: number;
}

/** An event and its results, in a form that a simulation and the engine have in common. */
export interface Happening {
  readonly at: string;
  readonly results: readonly string[];
}

/** Every event of the plan, in order; sets to which no rule applies are left out, as in a simulation. */
export async function playPlan(client: ProgressionClient, plan: Plan): Promise<Happening[]> {
  const { userId, weeksPerCycle } = plan;
  const happenings: Happening[] = [];
  const note = (at: string, outcome: TriggerOutcome | undefined) =>
    happenings.push({ at, results: (outcome?.results ?? []).map(describeResult) });
  let session = 0;
  for (let elapsed = 0; elapsed < plan.weeks; elapsed += 1) {
    const cycle = Math.floor(elapsed / weeksPerCycle) + 1;
    const week = (elapsed % weeksPerCycle) + 1;
    for (let count = 0; count < plan.sessionsPerWeek; count += 1) {
      const day = plan.days[session % plan.days.length] ?? { slug: 'day', liftIds: [] };
      session += 1;
      const sessionId = uuidv7();
      const at = `${cycle}/${week} session ${session} ${day.slug}`;
      const stages = (await plan.stagesAtHand?.()) ?? new Map();
      const sets = setsOf(plan, day.liftIds, session, stages);
      const logged = await client.logSets({ userId, sessionId, sets });
      if (logged.outcome?.results.length) {
        note(at, logged.outcome);
      }
      const liftsPerformed = [...day.liftIds];
      const finished = { sessionId, daySlug: day.slug, weekNumber: week, liftsPerformed };
      const request = { userId, session: finished, includeNotPerformed: true };
      note(at, (await client.handleSessionComplete(request)).outcome);
    }
    const isLast = week === weeksPerCycle;
    const left = { previousWeek: week, newWeek: isLast ? 1 : week + 1, cycleIteration: cycle };
    note(`${cycle}/${week}`, (await client.handleWeekAdvance({ userId, week: left })).outcome);
    if (isLast) {
      const completed = { completedCycle: cycle, newCycle: cycle + 1, totalWeeks: weeksPerCycle };
      note(`${cycle}/${week}`, (await client.handleCycleComplete({ userId, cycle: completed })).outcome);
    }
  }
  return happenings;
}

/** A simulation's events in the same form. */
export function happeningsOf(events: readonly SimulatedEvent[]): Happening[] {
  return events.map(({ cycle, week, session, daySlug, outcome }) => ({
    at: session > 0 ? `${cycle}/${week} session ${session} ${daySlug}` : `${cycle}/${week}`,
    results: (outcome?.results ?? []).map(describeResult),
  }));
}

/**
 * Each lift has one work set, or those of its stage, and one AMRAP set when the plan says how many repetitions come
 * of it.
 */
function setsOf(
  { missedSessions = [], amrapReps, workReps }: Plan,
  liftIds: readonly string[],
  session: number,
  stages: ReadonlyMap<string, StageScheme>,
) {
  const isMissed = missedSessions.includes(session);
  return liftIds.flatMap((liftId) => {
    const scheme = stages.get(liftId) ?? { sets: 1, reps: 5 };
    const targetReps = workReps ?? scheme.reps;
    const set = { liftId, weight: '60' };
    const repsPerformed = isMissed ? targetReps - 1 : targetReps;
    const work = Array.from({ length: scheme.sets }, (_, index) => ({
      ...{ ...set, setNumber: index + 1, kind: SetKind.WORK, targetReps, repsPerformed },
    }));
    const amrap = { ...set, setNumber: work.length + 1, kind: SetKind.AMRAP, targetReps: 1 };
    return amrapReps === undefined ? work : [...work, { ...amrap, repsPerformed: isMissed ? 0 : amrapReps }];
  });
}

function describeResult(result: ProgressionResult): string {
  const { programProgressionId, liftId, maxType, triggerType, reason, stage } = result;
  const change = `${result.previousValue} → ${result.newValue} (${result.delta})`;
  return [programProgressionId, liftId, maxType, triggerType, reason, change, stage?.index].join(' ');
}
