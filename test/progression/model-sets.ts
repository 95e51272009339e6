/** What a second opinion makes of sets. */
import { type Facts, micro } from './model-rules.ts';

export interface ModelSet {
  readonly liftId: string;
  readonly kind: string;
  readonly weight: { toFixed(): string };
  readonly targetWeight: { toFixed(): string } | null;
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
    light: work.some(isLight),
    allReps: work.map(({ repsPerformed }) => repsPerformed),
  };
}

export function isWork({ kind }: ModelSet): boolean {
  return kind === 'WORK' || kind === 'AMRAP';
}

export function isMissed(set: ModelSet): boolean {
  return set.repsPerformed < set.targetReps || isLight(set);
}

/** Of a session's work sets: by the volumes, where there are any, else by any set that missed. */
export function isBelowTarget(work: readonly ModelSet[], volumes: readonly number[]): boolean {
  const lifted = work.map((set) => (isLight(set) ? 0 : set.repsPerformed)).reduce((a, b) => a + b, 0);
  if (work.length === 0) {
    return false;
  }
  return volumes.length > 0 ? volumes.some((volume) => lifted < volume) : work.some(isMissed);
}

function isLight({ weight, targetWeight }: ModelSet): boolean {
  return targetWeight !== null && micro(weight.toFixed()) < micro(targetWeight.toFixed());
}
