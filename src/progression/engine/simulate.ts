/**
 * Simulates a program from a snapshot, with assumed performance. Pure, like the evaluation that it repeats.
 */
import { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import { evaluate } from '../evaluation/evaluate.ts';
import { type Plan, snapshotAfter } from '../evaluation/plan.ts';
import type { SessionChange, Snapshot } from '../evaluation/snapshot.ts';
import type { EventDetail, PerformedSet, SetsLogged, TriggerEvent } from '../evaluation/trigger-event.ts';
import { isFailedSet } from '../evaluation/trigger-event.ts';
import { volumeStages } from '../evaluation/triggers/session-completed.ts';

/** A program's training days, which sessions take in turn. */
export interface Calendar {
  readonly weeksPerCycle: number;
  readonly sessionsPerWeek: number;
  readonly days: readonly { readonly slug: string; readonly liftIds: readonly string[] }[];
  /** The week that the first session is in, from 1, and the place of its day; absent: the first of both. */
  readonly start?: { readonly week: number; readonly day: number };
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

/** A session and the state that it begins with. */
export interface SimulatedSession {
  readonly at: At;
  readonly before: Snapshot;
}

/** The state of one session ends with it. */
const BEFORE_A_SESSION = { sessionSets: [], sessionChanges: new Map<string, SessionChange>() };

/** The performance says nothing of weights, and the sets have no target weight that one could miss. */
const ANY_WEIGHT = new Decimal(0);

/** The repetitions of a work set when neither the performance nor a stage specifies them. */
const TARGET_REPS = 5;

export function simulate(
  start: Snapshot,
  userId: string,
  calendar: Calendar,
  weeks: number,
  performance: Performance,
  startAt: Instant,
): { steps: SimulatedStep[]; sessions: SimulatedSession[]; end: Snapshot } {
  const simulation = new Simulation(start, userId, startAt);
  const { week: firstWeek, day: firstDay } = calendar.start ?? { week: 1, day: 0 };
  let session = 0;
  for (let elapsed = 0; elapsed < weeks; elapsed += 1) {
    const weekOfAll = firstWeek - 1 + elapsed;
    const cycle = Math.floor(weekOfAll / calendar.weeksPerCycle) + 1;
    const week = (weekOfAll % calendar.weeksPerCycle) + 1;
    const isLastWeek = week === calendar.weeksPerCycle;
    for (let count = 0; count < calendar.sessionsPerWeek; count += 1) {
      const day = calendar.days[(firstDay + session) % calendar.days.length];
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
  readonly #sessions: SimulatedSession[] = [];
  readonly #week = { missed: new Set<string>(), performed: new Set<string>() };
  readonly #cycle = { missed: new Set<string>(), performed: new Set<string>() };
  #snapshot: Snapshot;
  #now: Instant;

  constructor(start: Snapshot, userId: string, startAt: Instant) {
    this.#snapshot = start;
    this.#userId = userId;
    this.#now = startAt;
  }

  result() {
    return { steps: this.#steps, sessions: this.#sessions, end: this.#snapshot };
  }

  train(at: At, liftIds: readonly string[], performance: Performance): void {
    this.#sessions.push({ at, before: this.#snapshot });
    const sessionId = `session ${at.session}`;
    const sets = this.#setsOf(liftIds, performance, performance.missedSessions.has(at.session));
    for (const period of [this.#week, this.#cycle]) {
      for (const set of sets) {
        period.performed.add(set.liftId);
        if (isFailedSet(set)) {
          period.missed.add(set.liftId);
        }
      }
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
    const period = detail.type === 'CYCLE_COMPLETED' ? this.#cycle : this.#week;
    const lifts = { missedLiftIds: period.missed, performedLiftIds: period.performed };
    const event = { userId: this.#userId, occurredAt: this.#now, detail };
    const plan = evaluate(event, { ...this.#snapshot, ...lifts });
    if (detail.type === 'WEEK_ADVANCED' || detail.type === 'CYCLE_COMPLETED') {
      period.missed.clear();
      period.performed.clear();
    }
    this.#snapshot = snapshotAfter(this.#snapshot, plan);
    if (detail.type !== 'SETS_LOGGED' || plan.results.length > 0) {
      this.#steps.push({ ...at, event, plan });
    }
  }

  #setsOf(
    liftIds: readonly string[],
    { amrapReps, workReps }: Performance,
    isMissed: boolean,
  ): PerformedSet[] {
    const performedAt = this.#now;
    const stages = volumeStages(this.#snapshot);
    return liftIds.flatMap((liftId) => {
      const set = { id: '', liftId, weight: ANY_WEIGHT, targetWeight: null, performedAt };
      const [byVolume] = stages.get(liftId) ?? [];
      const { sets: count, reps } = byVolume?.stage ?? { sets: 1, reps: TARGET_REPS };
      const targetReps = Math.max(workReps ?? reps, 1);
      const repsPerformed = isMissed ? targetReps - 1 : (workReps ?? targetReps);
      const sets = Array.from(
        { length: count },
        (_, index): PerformedSet => ({
          ...set,
          setNumber: index + 1,
          kind: 'WORK',
          targetReps,
          repsPerformed,
        }),
      );
      if (amrapReps !== null) {
        const amrap = { targetReps: 1, repsPerformed: isMissed ? 0 : amrapReps };
        sets.push({ ...set, setNumber: count + 1, kind: 'AMRAP', ...amrap });
      }
      return sets;
    });
  }
}
