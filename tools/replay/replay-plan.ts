/** The calls for a log, in order; and the ids by which the same log is recognised. */
import { createHash } from 'node:crypto';
import { Decimal } from 'decimal.js';
import { v5 as idFromName } from 'uuid';
import type { Instant } from '../../src/values/instant.ts';
import { type CalendarPlace, dayOf, placeOf } from './calendar.ts';
import type { ReplayedProgram } from './replayed-program.ts';
import type { SessionSet, TrainedSession } from './sessions.ts';

export interface PlannedSet extends Omit<SessionSet, 'kind'> {
  readonly kind: 'WARM_UP' | 'WORK' | 'AMRAP';
}

export type ReplayStep =
  | { readonly type: 'ATHLETE' }
  | { readonly type: 'ENROLLMENT' }
  | { readonly type: 'STARTING_MAX'; readonly liftId: string; readonly value: string }
  | {
      readonly type: 'SETS';
      readonly session: number;
      readonly at: Instant;
      readonly sets: readonly PlannedSet[];
    }
  | {
      readonly type: 'SESSION';
      readonly session: number;
      readonly at: Instant;
      readonly daySlug: string;
      readonly week: number;
      readonly liftIds: readonly string[];
    }
  | {
      readonly type: 'WEEK';
      readonly at: Instant;
      readonly week: number;
      readonly newWeek: number;
      readonly cycle: number;
    }
  | { readonly type: 'CYCLE'; readonly at: Instant; readonly cycle: number; readonly weeks: number };

export interface ReplayPlan {
  readonly steps: readonly ReplayStep[];
  readonly sessionCount: number;
  /** The athlete of a log that ends after this number of sessions, from 1. */
  athleteOf(sessions: number): ReplayedAthlete;
}

/** The ids by which a log is recognised. Common first steps of two logs have the same ids under one athlete. */
export interface ReplayedAthlete {
  /** The same for the same sets on the same program, however the file was named or stored. */
  readonly fingerprint: string;
  readonly userId: string;
  sessionId(session: number): string;
  requestId(step: number): string;
}

/** The root of all ids of replays. */
const NAMESPACE = '314872e8-6c44-4501-b245-302dfc434a04';
const SETS_PER_CALL = 200;
const SECOND_MICROS = 1_000_000n;

/** A lift's training max starts where the log does: at the heaviest work set of its first session. */
export function planReplay(program: ReplayedProgram, sessions: readonly TrainedSession[]): ReplayPlan {
  const steps: ReplayStep[] = [{ type: 'ATHLETE' }, { type: 'ENROLLMENT' }];
  const started = new Set<string>();
  const ends: number[] = [];
  for (const [index, session] of sessions.entries()) {
    for (const [liftId, value] of heaviestWorkSets(session.sets)) {
      if (!started.has(liftId)) {
        started.add(liftId);
        steps.push({ type: 'STARTING_MAX', liftId, value });
      }
    }
    steps.push(...stepsOfSession(index, session, program));
    ends.push(steps.length);
  }
  const fingerprints = fingerprintsOf(program, steps, ends);
  return {
    steps,
    sessionCount: sessions.length,
    athleteOf(count) {
      const fingerprint = fingerprints[count - 1];
      if (fingerprint === undefined) {
        throw new RangeError(`the plan has no ${count} sessions`);
      }
      return athleteWith(fingerprint);
    },
  };
}

function athleteWith(fingerprint: string): ReplayedAthlete {
  const root = idFromName(fingerprint, NAMESPACE);
  return {
    fingerprint,
    userId: idFromName('user', root),
    sessionId: (session) => idFromName(`session/${session}`, root),
    requestId: (step) => idFromName(`request/${step}`, root),
  };
}

/** The heaviest weight of each lift's work sets. */
export function heaviestWorkSets(
  sets: readonly Pick<PlannedSet, 'liftId' | 'kind' | 'weight'>[],
): Map<string, string> {
  const heaviest = new Map<string, string>();
  for (const { liftId, kind, weight } of sets) {
    if (kind !== 'WARM_UP') {
      heaviest.set(liftId, Decimal.max(weight, heaviest.get(liftId) ?? 0).toFixed());
    }
  }
  return heaviest;
}

/** Its sets, its end, and the end of its week and cycle when it is the last one: each a second later. */
function stepsOfSession(session: number, { at, sets }: TrainedSession, program: ReplayedProgram) {
  const steps: ReplayStep[] = [];
  const planned = program.hasAmrapRules ? markAmrapSets(sets) : sets;
  for (let first = 0; first < planned.length; first += SETS_PER_CALL) {
    steps.push({ type: 'SETS', session, at, sets: planned.slice(first, first + SETS_PER_CALL) });
  }
  const liftIds = [...heaviestWorkSets(sets).keys()];
  const place = placeOf(session, program);
  const daySlug = dayOf(session, program.days, liftIds);
  steps.push({ type: 'SESSION', session, at: at + SECOND_MICROS, daySlug, week: place.week, liftIds });
  return [...steps, ...weekAndCycleEnds(at, place, program.weeksPerCycle)];
}

function weekAndCycleEnds(at: Instant, place: CalendarPlace, weeks: number): ReplayStep[] {
  const { week, cycle, endsWeek, endsCycle } = place;
  const newWeek = endsCycle ? 1 : week + 1;
  return [
    ...(endsWeek ? [{ type: 'WEEK' as const, at: at + 2n * SECOND_MICROS, week, newWeek, cycle }] : []),
    ...(endsCycle ? [{ type: 'CYCLE' as const, at: at + 3n * SECOND_MICROS, cycle, weeks }] : []),
  ];
}

/** Logs do not say which set was AMRAP: it is the last of the heaviest sets of each lift. */
function markAmrapSets(sets: readonly SessionSet[]): PlannedSet[] {
  const heaviest = heaviestWorkSets(sets);
  const isHeaviest = (set: SessionSet) => set.kind === 'WORK' && set.weight === heaviest.get(set.liftId);
  return sets.map((set) => {
    const last = sets.findLast((other) => other.liftId === set.liftId && isHeaviest(other));
    return set === last ? { ...set, kind: 'AMRAP' } : set;
  });
}

/** One for each session: of the program and all steps up to the session's end, as the JSON of `[id, steps]`. */
function fingerprintsOf(
  { id }: ReplayedProgram,
  steps: readonly ReplayStep[],
  ends: readonly number[],
): string[] {
  const hash = createHash('sha256').update(`[${JSON.stringify(id)},[`);
  let hashed = 0;
  return ends.map((end) => {
    for (const step of steps.slice(hashed, end)) {
      hash.update(`${hashed > 0 ? ',' : ''}${textOf(step)}`);
      hashed += 1;
    }
    return hash.copy().update(']]').digest('hex');
  });
}

function textOf(step: ReplayStep): string {
  return JSON.stringify(step, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
