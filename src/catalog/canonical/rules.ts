/** Rules that several programs of the catalogue share. All of them change the training max. */
import type { BlueprintPlace } from '../programs/blueprint.ts';
import type { CatalogLift } from './lifts.ts';
import type { CatalogRule, Figures, Unit } from './program.ts';

export const TRAINING_MAX = 'TRAINING_MAX';

/** Deloads and stages apply before increments, so that increments see their result. */
export const FAILURE_PRIORITY = 10;
export const INCREMENT_PRIORITY = 20;

/** The rounding step after percent operations: the smallest step that plates allow. */
export const STEP: Figures = { lb: '5', kg: '2.5' };

/** The step of lifts that programs add half as much to, with the smallest plates there are. */
export const FINE_STEP: Figures = { lb: '2.5', kg: '1.25' };

/** One row for each lift; without lifts, one row for the whole program. */
export function places(priority: number, lifts?: readonly CatalogLift[]): BlueprintPlace[] {
  const slugs = lifts ?? [null];
  return slugs.map((liftSlug) => ({ liftSlug, priority, enabled: true, overrideIncrement: null }));
}

export interface LinearDraft {
  readonly unit: Unit;
  readonly triggerType: 'AFTER_SESSION' | 'AFTER_WEEK';
  readonly increment: Figures;
  /** Absent: every lift that has no rule of its own for this trigger. */
  readonly lifts?: readonly CatalogLift[];
}

/** A fixed increment that is withheld when a target was missed, and after a week without the lift. */
export function linear({ unit, triggerType, increment, lifts }: LinearDraft): CatalogRule {
  return {
    name: `+${increment[unit]} ${unit} a ${triggerType === 'AFTER_WEEK' ? 'week' : 'session'}`,
    type: 'LINEAR_PROGRESSION',
    parameters: {
      maxType: TRAINING_MAX,
      triggerType,
      increment: increment[unit],
      requireSuccess: true,
      ...(triggerType === 'AFTER_WEEK' && { requirePerformed: true }),
    },
    places: places(INCREMENT_PRIORITY, lifts),
  };
}

export interface DeloadDraft {
  readonly unit: Unit;
  readonly missedSessions: number;
  /** What the result is rounded to; absent: STEP. */
  readonly step?: Figures;
  /** Absent: every lift that has no deload of its own. */
  readonly lifts?: readonly CatalogLift[];
}

/** A deload of 10 % after this many consecutive missed sessions, which resets the counter. */
export function deload({ unit, missedSessions, step = STEP, lifts }: DeloadDraft): CatalogRule {
  const after = `-10 % after ${missedSessions} missed session${missedSessions === 1 ? '' : 's'}`;
  return {
    name: step === STEP ? after : `${after}, to ${step[unit]} ${unit}`,
    type: 'DELOAD_ON_FAILURE',
    parameters: {
      maxType: TRAINING_MAX,
      failureThreshold: missedSessions,
      deloadType: 'percent',
      deloadPercent: '0.1',
      resetOnDeload: true,
      countBy: 'SESSION',
      roundTo: step[unit],
    },
    places: places(FAILURE_PRIORITY, lifts),
  };
}

/** Increments by the repetitions of the AMRAP set, by the fewest repetitions that earn them. */
export function amrap(
  unit: Unit,
  name: string,
  earned: Readonly<Record<number, Figures>>,
  lifts?: readonly CatalogLift[],
): CatalogRule {
  return {
    name,
    type: 'AMRAP_PROGRESSION',
    parameters: {
      maxType: TRAINING_MAX,
      thresholds: Object.entries(earned).map(([minReps, increment]) => ({
        minReps: Number(minReps),
        increment: increment[unit],
      })),
    },
    places: places(INCREMENT_PRIORITY, lifts),
  };
}
