/** What a second opinion makes of sets. */
import type { Facts } from './model-rules.ts';

export interface ModelSet {
  readonly liftId: string;
  readonly kind: string;
  readonly targetReps: number;
  readonly repsPerformed: number;
}

export function factsOf(sets: readonly ModelSet[]): Partial<Facts> {
  const work = sets.filter(isWork);
  const set = work.findLast(({ kind }) => kind === 'AMRAP') ?? work.at(-1);
  return {
    missed: work.some(isMissed),
    amrap: set?.kind === 'AMRAP',
    reps: set?.repsPerformed ?? null,
    allReps: work.map(({ repsPerformed }) => repsPerformed),
  };
}

export function isWork({ kind }: ModelSet): boolean {
  return kind !== 'WARM_UP';
}

export function isMissed({ repsPerformed, targetReps }: ModelSet): boolean {
  return repsPerformed < targetReps;
}
