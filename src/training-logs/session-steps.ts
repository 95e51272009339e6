/** The events of a log's sessions, in order: sets, and the ends of sessions, weeks and cycles. */
import { Decimal } from 'decimal.js';
import type { Instant } from '../values/instant.ts';
import { type CalendarPlace, dayOf, placeOf } from './calendar.ts';
import type { SessionSet, TrainedSession } from './sessions.ts';
import type { TrainedProgram } from './trained-program.ts';

export interface PlannedSet extends Omit<SessionSet, 'kind'> {
  readonly kind: 'WARM_UP' | 'WORK' | 'AMRAP';
}

export type SessionStep =
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

const SETS_PER_CALL = 200;
const SECOND_MICROS = 1_000_000n;

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
export function stepsOfSession(
  session: number,
  { at, sets }: TrainedSession,
  program: TrainedProgram,
): SessionStep[] {
  const steps: SessionStep[] = [];
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

function weekAndCycleEnds(at: Instant, place: CalendarPlace, weeks: number): SessionStep[] {
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
