/** Groups a log's sets into the sessions of one program, oldest first. */

import type { Instant } from '../values/instant.ts';
import { type ExerciseMapping, liftOfExercise } from './lift-names.ts';
import type { TrainedProgram } from './trained-program.ts';
import type { LoggedSet } from './training-log.ts';
import type { UnusedReason, UnusedRow } from './unused-rows.ts';

export interface SessionSet {
  readonly liftId: string;
  /** From 1, within the session and lift. */
  readonly setNumber: number;
  readonly kind: 'WARM_UP' | 'WORK';
  readonly weight: string;
  readonly targetReps: number;
  readonly reps: number;
  readonly rpe: string | null;
}

export interface TrainedSession {
  readonly at: Instant;
  /** In the order of the log. */
  readonly sets: readonly SessionSet[];
}

/**
 * Sessions without a lift of the program do not count in its calendar. Without a target in the log, the performed
 * repetitions are the target; without set numbers in the log, sets are counted.
 */
export function groupSessions(
  logged: readonly LoggedSet[],
  program: Pick<TrainedProgram, 'lifts' | 'unit'>,
  mapping?: ExerciseMapping,
): { sessions: TrainedSession[]; unused: UnusedRow[] } {
  const unused: UnusedRow[] = [];
  const refuse = ({ line }: LoggedSet, reason: UnusedReason, detail: string) =>
    unused.push({ line, reason, detail });
  const sessions = new Map<string, { at: Instant; sets: SessionSet[] }>();
  for (const entry of logged.toSorted(byTime)) {
    const slug = liftOfExercise(entry.exercise, program.lifts.keys(), mapping);
    const liftId = slug && program.lifts.get(slug);
    if (!liftId) {
      refuse(entry, 'NOT_IN_PROGRAM', entry.exercise);
      continue;
    }
    if (entry.unit && program.unit && entry.unit !== program.unit) {
      refuse(entry, 'OTHER_UNIT', `${entry.unit}, not ${program.unit}`);
      continue;
    }
    const key = `${entry.at} ${entry.workout}`;
    const session = sessions.get(key) ?? { at: entry.at, sets: [] };
    const earlier = session.sets.filter((set) => set.liftId === liftId);
    const setNumber = entry.setNumber ?? earlier.length + 1;
    if (earlier.some((set) => set.setNumber === setNumber)) {
      refuse(entry, 'REPEATED_SET', `${entry.exercise}, set ${setNumber}`);
      continue;
    }
    sessions.set(key, session);
    const { kind, weight, reps, rpe, targetReps } = entry;
    session.sets.push({ liftId, setNumber, kind, weight, targetReps: targetReps ?? reps, reps, rpe });
  }
  return { sessions: [...sessions.values()], unused };
}

/** A stable sort: sets of the same time stay in the order of the file. */
function byTime(a: LoggedSet, b: LoggedSet): number {
  return a.at < b.at ? -1 : Number(a.at > b.at);
}
