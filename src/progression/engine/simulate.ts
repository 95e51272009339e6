/**
 * Simulates a program from a snapshot, with assumed performance. Pure, like the evaluation that it repeats.
 */
import type { Instant } from '../../values/instant.ts';
import { evaluate } from '../evaluation/evaluate.ts';
import type { Plan } from '../evaluation/plan.ts';
import {
  addSessionChange,
  maxKey,
  ruleKey,
  type SessionChange,
  type Snapshot,
} from '../evaluation/snapshot.ts';
import type { EventDetail, PerformedSet, SetsLogged, TriggerEvent } from '../evaluation/trigger-event.ts';
import { isFailedSet } from '../evaluation/trigger-event.ts';

/** A program's training days, which sessions take in turn. */
export interface Calendar {
  readonly weeksPerCycle: number;
  readonly sessionsPerWeek: number;
  readonly days: readonly { readonly slug: string; readonly liftIds: readonly string[] }[];
}

export interface Performance {
  /** Sessions, counted from 1 over the whole simulation, whose work sets all miss by one repetition. */
  readonly missedSessions: ReadonlySet<number>;
  /** Null: no AMRAP sets. */
  readonly amrapReps: number | null;
  /** Null: the target. */
  readonly workReps: number | null;
}

export interface SimulatedStep {
  readonly cycle: number;
  readonly week: number;
  /** 0 for the end of a week or cycle. */
  readonly session: number;
  readonly daySlug: string;
  readonly event: TriggerEvent;
  readonly plan: Plan;
}

/** The state of one session ends with it. */
const BEFORE_A_SESSION = { sessionSets: [], sessionChanges: new Map<string, SessionChange>() };

/** The repetitions of a work set when the performance does not specify them. */
const TARGET_REPS = 5;

export function simulate(
  start: Snapshot,
  userId: string,
  calendar: Calendar,
  weeks: number,
  performance: Performance,
  startAt: Instant,
): { steps: SimulatedStep[]; end: Snapshot } {
  const simulation = new Simulation(start, userId, startAt);
  let session = 0;
  for (let elapsed = 0; elapsed < weeks; elapsed += 1) {
    const cycle = Math.floor(elapsed / calendar.weeksPerCycle) + 1;
    const week = (elapsed % calendar.weeksPerCycle) + 1;
    const isLastWeek = week === calendar.weeksPerCycle;
    for (let count = 0; count < calendar.sessionsPerWeek; count += 1) {
      const day = calendar.days[session % calendar.days.length];
      session += 1;
      simulation.train({ cycle, week, session, daySlug: day?.slug ?? '' }, day?.liftIds ?? [], performance);
    }
    const newWeek = isLastWeek ? 1 : week + 1;
    const at = { cycle, week, session: 0, daySlug: '' };
    simulation.take(at, { type: 'WEEK_ADVANCED', previousWeek: week, newWeek, cycleIteration: cycle });
    if (isLastWeek) {
      const totalWeeks = calendar.weeksPerCycle;
      simulation.take(at, {
        type: 'CYCLE_COMPLETED',
        completedCycle: cycle,
        newCycle: cycle + 1,
        totalWeeks,
      });
    }
  }
  return simulation.result();
}

type At = Pick<SimulatedStep, 'cycle' | 'week' | 'session' | 'daySlug'>;

class Simulation {
  readonly #userId: string;
  readonly #steps: SimulatedStep[] = [];
  readonly #missedThisWeek = new Set<string>();
  readonly #missedThisCycle = new Set<string>();
  #snapshot: Snapshot;
  #now: Instant;

  constructor(start: Snapshot, userId: string, startAt: Instant) {
    this.#snapshot = start;
    this.#userId = userId;
    this.#now = startAt;
  }

  result() {
    return { steps: this.#steps, end: this.#snapshot };
  }

  train(at: At, liftIds: readonly string[], performance: Performance): void {
    const sessionId = `session ${at.session}`;
    const sets = this.#setsOf(liftIds, performance, performance.missedSessions.has(at.session));
    for (const { liftId } of sets.filter(isFailedSet)) {
      this.#missedThisWeek.add(liftId);
      this.#missedThisCycle.add(liftId);
    }
    this.#snapshot = { ...this.#snapshot, ...BEFORE_A_SESSION };
    this.take(at, { type: 'SETS_LOGGED', sessionId, sets } satisfies SetsLogged);
    const { week: weekNumber, daySlug } = at;
    this.#snapshot = { ...this.#snapshot, sessionSets: sets };
    this.take(at, { type: 'SESSION_COMPLETED', sessionId, daySlug, weekNumber, liftsPerformed: liftIds });
    this.#snapshot = { ...this.#snapshot, ...BEFORE_A_SESSION };
  }

  take(at: At, detail: EventDetail): void {
    this.#now += 1_000_000n;
    const missedLiftIds = detail.type === 'CYCLE_COMPLETED' ? this.#missedThisCycle : this.#missedThisWeek;
    const event = { userId: this.#userId, occurredAt: this.#now, detail };
    const plan = evaluate(event, { ...this.#snapshot, missedLiftIds });
    if (detail.type === 'WEEK_ADVANCED') {
      this.#missedThisWeek.clear();
    }
    if (detail.type === 'CYCLE_COMPLETED') {
      this.#missedThisCycle.clear();
    }
    this.#snapshot = foldPlan(this.#snapshot, plan);
    if (detail.type !== 'SETS_LOGGED' || plan.results.length > 0) {
      this.#steps.push({ ...at, event, plan });
    }
  }

  #setsOf(
    liftIds: readonly string[],
    { amrapReps, workReps }: Performance,
    isMissed: boolean,
  ): PerformedSet[] {
    const target = Math.max(workReps ?? TARGET_REPS, 1);
    const performedAt = this.#now;
    return liftIds.flatMap((liftId) => {
      const set = { id: '', liftId, performedAt };
      const repsPerformed = isMissed ? target - 1 : (workReps ?? target);
      const sets: PerformedSet[] = [
        { ...set, setNumber: 1, kind: 'WORK', targetReps: target, repsPerformed },
      ];
      if (amrapReps !== null) {
        const reps = isMissed ? 0 : amrapReps;
        sets.push({ ...set, setNumber: 2, kind: 'AMRAP', targetReps: 1, repsPerformed: reps });
      }
      return sets;
    });
  }
}

/** The snapshot after a plan, including the session's changes. */
function foldPlan(before: Snapshot, plan: Plan): Snapshot {
  const maxes = new Map(before.maxes);
  const sessionChanges = new Map(before.sessionChanges);
  for (const { application, liftId, maxType } of plan.results) {
    if (!application) {
      continue;
    }
    const key = maxKey(liftId, maxType);
    const { newValue: value, unit, version } = application;
    maxes.set(key, { value, unit, version });
    addSessionChange(sessionChanges, key, application);
  }
  const failureCounts = new Map(before.failureCounts);
  for (const { liftId, progressionId, value } of plan.failureCounts) {
    failureCounts.set(ruleKey(liftId, progressionId), value);
  }
  const stages = new Map(before.stages);
  for (const { liftId, progressionId, value } of plan.stages) {
    stages.set(ruleKey(liftId, progressionId), value);
  }
  return { ...before, maxes, failureCounts, stages, sessionChanges };
}
