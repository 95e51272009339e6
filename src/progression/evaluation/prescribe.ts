/** What to lift: the sets that a day of a program prescribes, with loads from the athlete's maxes and stages. Pure. */
import { Decimal } from 'decimal.js';
import type { StoredLoad, StoredPrescription, StoredSetGroup } from '../../store/entities/program.ts';
import type { Equipment, Loading } from './equipment/equipment.ts';
import type { CurrentStage } from './plan.ts';
import type { MaxType } from './rules/rule.ts';
import { ExactDecimal, roundWeight } from './rules/weight.ts';
import { type CurrentMax, maxKey, type WeightUnit } from './snapshot.ts';
import type { SetKind } from './trigger-event.ts';

/** Why a set has no load, or no repetitions. */
export type PrescriptionGap = 'NO_CURRENT_MAX' | 'UNIT_MISMATCH' | 'NO_STAGE';

export interface PrescribedSet {
  readonly liftId: string;
  /** The number to log the set under: it counts within the lift, through the day. */
  readonly setNumber: number;
  readonly kind: SetKind;
  readonly targetReps: number;
  /** The top of a range; null: there is none. */
  readonly maxReps: number | null;
  /** Null for sets by feel, and where there is a gap. */
  readonly load: PrescribedLoad | null;
  readonly rpe: string | null;
  readonly stage: CurrentStage | null;
  readonly gap: PrescriptionGap | null;
}

export interface PrescribedLoad {
  /** To 6 decimal places. */
  readonly exact: Decimal;
  readonly rounded: Decimal;
  /** Null: not rounded, or to equipment. */
  readonly roundTo: Decimal | null;
  /** Null: nothing is known that the lift is loaded with, or nothing is loaded. */
  readonly loading: Loading | null;
  /** Null: a fixed weight. */
  readonly max: { readonly maxType: MaxType; readonly current: CurrentMax; readonly percent: string } | null;
  /** Null: the load is the group's own. */
  readonly offset: Extract<StoredLoad, { of: 'GROUP' }> | null;
}

/** What loads depend on. */
export interface PrescriptionState {
  /** The week of the cycle, from 1. */
  readonly week: number;
  readonly unit: WeightUnit;
  /** Null: no rounding. For lifts that the equipment does not know. */
  readonly loadStep: Decimal | null;
  readonly equipment: Equipment | null;
  /** By maxKey. */
  readonly maxes: ReadonlyMap<string, CurrentMax>;
  /** The stages at hand, by lift. */
  readonly stages: ReadonlyMap<string, CurrentStage>;
}

/** The sets of a day, in order. */
export function prescribe(
  prescriptions: readonly StoredPrescription[],
  state: PrescriptionState,
): PrescribedSet[] {
  const numbers = new Map<string, number>();
  return prescriptions.flatMap((prescription) =>
    prescription.groups
      .filter(({ weeks }) => !weeks || weeks.includes(state.week))
      .flatMap((group) => setsOfGroup(group, prescription, state))
      .map((set) => {
        const setNumber = (numbers.get(set.liftId) ?? 0) + 1;
        numbers.set(set.liftId, setNumber);
        return { ...set, setNumber };
      }),
  );
}

type UnnumberedSet = Omit<PrescribedSet, 'setNumber'>;

function setsOfGroup(
  group: StoredSetGroup,
  prescription: StoredPrescription,
  state: PrescriptionState,
): UnnumberedSet[] {
  const { liftId } = prescription;
  const stage = group.load.of === 'STAGE' ? (state.stages.get(liftId) ?? null) : null;
  const common = { liftId, maxReps: group.maxReps ?? null, stage, load: null, rpe: null, gap: null };
  if (group.load.of === 'STAGE' && !stage) {
    return [{ ...common, kind: group.kind, targetReps: 0, gap: 'NO_STAGE' }];
  }
  const found = loadOf(group.load, prescription, state);
  const { sets, reps: targetReps } = stage ?? group;
  return Array.from({ length: sets }, (_, index) => ({
    ...common,
    kind: stage?.isAmrap && index === sets - 1 ? 'AMRAP' : group.kind,
    targetReps,
    ...(typeof found === 'string' ? { gap: found } : { load: found }),
    rpe: group.load.of === 'RPE' ? group.load.rpe : null,
  }));
}

/** Null for sets by feel. */
function loadOf(
  load: StoredLoad,
  prescription: StoredPrescription,
  state: PrescriptionState,
): PrescribedLoad | PrescriptionGap | null {
  const loadable = (exact: Decimal) => roundLoad(exact, prescription, state);
  switch (load.of) {
    case 'MAX':
    case 'STAGE': {
      const { maxType, percent } = load;
      const current = state.maxes.get(maxKey(prescription.liftId, maxType));
      if (!current) {
        return 'NO_CURRENT_MAX';
      }
      if (current.unit && state.unit && current.unit !== state.unit) {
        return 'UNIT_MISMATCH';
      }
      const exact = new ExactDecimal(current.value).times(percent);
      return { ...loadable(exact), max: { maxType, current, percent }, offset: null };
    }
    case 'WEIGHT':
      return { ...loadable(new ExactDecimal(load.weight)), max: null, offset: null };
    case 'GROUP': {
      const base = prescription.groups[load.group - 1];
      const found = base && base.load.of !== 'GROUP' ? loadOf(base.load, prescription, state) : null;
      if (found === null || typeof found === 'string') {
        return found;
      }
      const from = new ExactDecimal(found.exact);
      const exact =
        'percent' in load ? from.times(new Decimal(load.percent).plus(1)) : from.plus(load.amount);
      return { ...loadable(Decimal.max(exact, 0)), max: found.max, offset: load };
    }
    case 'RPE':
      return null;
  }
}

/** To what the lift's equipment can make, else to the step of the lift or the program. No weight is the athlete's own. */
function roundLoad(
  exactLoad: Decimal,
  { liftId, roundTo: ownStep }: StoredPrescription,
  { equipment, loadStep }: PrescriptionState,
): Pick<PrescribedLoad, 'exact' | 'rounded' | 'roundTo' | 'loading'> {
  const exact = roundWeight(exactLoad, { roundTo: null, rounding: 'NEAREST' });
  const equipped = exactLoad.isZero() ? null : equipment?.round(liftId, exactLoad);
  if (equipped) {
    return { exact, rounded: equipped.load, roundTo: null, loading: equipped.loading };
  }
  const roundTo = ownStep === undefined ? loadStep : new Decimal(ownStep);
  return { exact, rounded: roundWeight(exactLoad, { roundTo, rounding: 'NEAREST' }), roundTo, loading: null };
}
