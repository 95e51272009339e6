/** Writes what programs prescribe in the notation of coaches: `2x5@85 1x5+@95`. */
import { Decimal } from 'decimal.js';
import type { StoredSetGroup } from '../../store/entities/program.ts';
import type { BlueprintPrescription } from '../programs/blueprint.ts';
import type { CatalogLift } from './lifts.ts';

export interface GroupOptions {
  /** Of all groups but those with a plus, which are AMRAP sets; absent: WORK. */
  readonly kind?: 'WARM_UP' | 'WORK' | 'SUPPLEMENTAL';
  /** Absent: the training max. */
  readonly maxType?: 'ONE_RM' | 'TRAINING_MAX';
  /** Absent: every week of the cycle. */
  readonly weeks?: readonly number[];
}

const NOTATION = /^(\d+)x(\d+)(?:-(\d+))?(\+?)@([\d.]+)$/;

/**
 * Sets x repetitions at a percentage of the max, in order, with spaces between: `3x8-12@100` is a range, `1x5+@85` an AMRAP
 * set. Throws a TypeError for anything else.
 */
export function sets(text: string, options: GroupOptions = {}): StoredSetGroup[] {
  const { kind = 'WORK', maxType = 'TRAINING_MAX', weeks } = options;
  return text.split(' ').map((notation) => {
    const [, count, reps, maxReps, plus, percent] = NOTATION.exec(notation) ?? [];
    if (percent === undefined) {
      throw new TypeError(`${notation} is not a set group`);
    }
    return {
      kind: plus ? 'AMRAP' : kind,
      sets: Number(count),
      reps: Number(reps),
      ...(maxReps !== undefined && { maxReps: Number(maxReps) }),
      load: { of: 'MAX', maxType, percent: new Decimal(percent).div(100).toFixed() },
      ...(weeks && { weeks: [...weeks] }),
    };
  });
}

/** The sets and repetitions of the stage that the athlete is at, at the training max. */
export function setsOfStage(): StoredSetGroup[] {
  return [{ kind: 'WORK', sets: 0, reps: 0, load: { of: 'STAGE', maxType: 'TRAINING_MAX', percent: '1' } }];
}

/** One lift at one place of a day; `roundTo` absent: the program's step. */
export function prescribe(
  liftSlug: CatalogLift,
  groups: StoredSetGroup[],
  roundTo?: string,
): BlueprintPrescription {
  return { liftSlug, groups, ...(roundTo !== undefined && { roundTo }) };
}
