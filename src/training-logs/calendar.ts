/**
 * The position of a session in a program's calendar: counted in sessions per week and weeks per cycle, without dates.
 */
import type { ProgramDay } from './trained-program.ts';

export interface CalendarPlace {
  /** Within the cycle, from 1. */
  readonly week: number;
  /** From 1. */
  readonly cycle: number;
  readonly endsWeek: boolean;
  readonly endsCycle: boolean;
}

/** The position of the session with this index, from 0. */
export function placeOf(
  index: number,
  { sessionsPerWeek, weeksPerCycle }: { sessionsPerWeek: number; weeksPerCycle: number },
): CalendarPlace {
  const elapsedWeeks = Math.floor(index / sessionsPerWeek);
  const week = (elapsedWeeks % weeksPerCycle) + 1;
  const endsWeek = (index + 1) % sessionsPerWeek === 0;
  return {
    week,
    cycle: Math.floor(elapsedWeeks / weeksPerCycle) + 1,
    endsWeek,
    endsCycle: endsWeek && week === weeksPerCycle,
  };
}

/** The day of a session when the program has no days. */
const UNNAMED_DAY = 'session';

/** The day whose lifts the session trained most of; of equals the one whose turn comes first. */
export function dayOf(index: number, days: readonly ProgramDay[], liftIds: readonly string[]): string {
  const inTurn = days.map((_, offset) => days[(index + offset) % days.length]);
  const matches = inTurn.map((day) => day?.liftIds.filter((id) => liftIds.includes(id)).length ?? 0);
  return inTurn[matches.indexOf(Math.max(...matches))]?.slug ?? UNNAMED_DAY;
}
