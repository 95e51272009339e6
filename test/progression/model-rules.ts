/** A second opinion on every rule: written again from the contract alone, on whole millionths, without the engine. */

/** A weight or a share in millionths. */
export type Micro = bigint;

const ONE: Micro = 1_000_000n;

export interface ModelParameters {
  readonly maxType: string;
  readonly triggerType?: string;
  readonly increment?: string;
  readonly incrementPercent?: string;
  readonly requireSuccess?: boolean;
  readonly requirePerformed?: boolean;
  readonly thresholds?: readonly {
    readonly minReps: number;
    readonly increment?: string;
    readonly incrementPercent?: string;
  }[];
  readonly failureThreshold?: number;
  readonly deloadType?: string;
  readonly deloadPercent?: string;
  readonly deloadAmount?: string;
  readonly resetOnDeload?: boolean;
  readonly countBy?: string;
  readonly stages?: readonly { readonly minVolume: number }[];
  readonly failBy?: string;
  readonly resetOnExhaustion?: boolean;
  readonly deloadOnReset?: boolean;
  readonly weightIncrement?: string;
  readonly minReps?: number;
  readonly maxReps?: number;
  readonly doubleThreshold?: number;
  readonly roundTo?: string;
  readonly rounding?: string;
  readonly minValue?: string;
  readonly maxValue?: string;
}

export interface ModelRow {
  readonly id: string;
  readonly type: string;
  readonly parameters: ModelParameters;
  readonly lift?: string;
  readonly priority: number;
  readonly enabled: boolean;
  readonly override?: string;
}

export interface Facts {
  readonly byHand: boolean;
  readonly missed: boolean;
  readonly performed: boolean;
  readonly amrap: boolean;
  readonly reps: number | null;
  readonly allReps: readonly number[];
  /** A set of the repetitions was lighter than planned. */
  readonly light: boolean;
  readonly failures: number;
  readonly stage: number;
}

export interface Change {
  readonly value: Micro;
  readonly stage?: number;
  readonly resets?: boolean;
}

export function micro(text: string): Micro {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole + fraction.padEnd(6, '0'));
  return text.startsWith('-') ? -size : size;
}

export function plain(value: Micro): string {
  const size = value < 0n ? -value : value;
  const fraction = String(size % ONE)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${size / ONE}${fraction && `.${fraction}`}`;
}

/** The trigger that a row fires on. */
export function triggerOf({ type, parameters }: ModelRow): string {
  switch (type) {
    case 'CYCLE_PROGRESSION':
      return 'AFTER_CYCLE';
    case 'DELOAD_ON_FAILURE':
    case 'STAGE_PROGRESSION':
      return 'ON_FAILURE';
    default:
      return parameters.triggerType ?? 'AFTER_SET';
  }
}

/** Every row with the lifts that it is for, in the order in which they apply. */
export function scopeOf(
  rows: readonly ModelRow[],
  lifts: readonly string[],
): { row: ModelRow; lift: string }[] {
  const isOwn = (lift: string, row: ModelRow) =>
    rows.some(
      (other) =>
        other.lift === lift &&
        triggerOf(other) === triggerOf(row) &&
        other.parameters.maxType === row.parameters.maxType,
    );
  return rows
    .toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1))
    .flatMap((row) =>
      (row.lift ? [row.lift] : lifts.filter((lift) => !isOwn(lift, row))).map((lift) => ({ row, lift })),
    );
}

/** The rule's result for `value`, or the reason for which it does not apply. */
export function applyModelRule(row: ModelRow, value: Micro, facts: Facts): Change | string {
  const { parameters: p } = row;
  const own = row.override ?? p.increment ?? p.weightIncrement;
  switch (row.type) {
    case 'LINEAR_PROGRESSION':
    case 'CYCLE_PROGRESSION':
      if (p.requirePerformed && !facts.performed && !facts.byHand) {
        return 'NOT_PERFORMED';
      }
      if (p.requireSuccess && facts.missed && !facts.byHand) {
        return 'TARGET_MISSED';
      }
      return bounded(own ? value + micro(own) : share(value, micro(`${p.incrementPercent}`), p), value, p);
    case 'AMRAP_PROGRESSION':
      return amrap(value, facts, p);
    case 'DELOAD_ON_FAILURE': {
      if (!facts.byHand && facts.failures < Number(p.failureThreshold)) {
        return 'FAILURE_THRESHOLD_NOT_MET';
      }
      const lighter =
        p.deloadType === 'fixed'
          ? value - micro(`${p.deloadAmount}`)
          : share(value, -micro(`${p.deloadPercent}`), p);
      const change = bounded(lighter, value, p);
      return typeof change === 'string' ? change : { ...change, resets: p.resetOnDeload ?? false };
    }
    case 'STAGE_PROGRESSION':
      return nextStage(value, facts.stage, p);
    case 'DOUBLE_PROGRESSION': {
      const reps = p.triggerType === 'AFTER_SESSION' ? facts.allReps : [facts.reps].filter((r) => r !== null);
      if (reps.length === 0) {
        return 'REPS_MISSING';
      }
      if (Math.min(...reps) < Number(p.maxReps)) {
        return 'REP_CEILING_NOT_REACHED';
      }
      return isTooLight(facts) ? 'TARGET_MISSED' : bounded(value + micro(`${own}`), value, p);
    }
    default:
      return greyskull(value, facts, p, micro(`${own}`));
  }
}

function amrap(value: Micro, facts: Facts, p: ModelParameters): Change | string {
  const { reps, amrap } = facts;
  if (reps === null || !amrap) {
    return reps === null ? 'REPS_MISSING' : 'NOT_AMRAP';
  }
  const reached = (p.thresholds ?? []).filter(({ minReps }) => minReps <= reps);
  const most = Math.max(...reached.map(({ minReps }) => minReps));
  const earned = reached.find(({ minReps }) => minReps === most);
  if (!earned) {
    return 'REP_THRESHOLD_NOT_MET';
  }
  const { increment, incrementPercent } = earned;
  if (!`${increment ?? incrementPercent}`.startsWith('-') && isTooLight(facts)) {
    return 'TARGET_MISSED';
  }
  const target = increment ? value + micro(increment) : share(value, micro(`${incrementPercent}`), p);
  return bounded(target, value, p);
}

function greyskull(value: Micro, facts: Facts, p: ModelParameters, increment: Micro): Change | string {
  const { reps, amrap } = facts;
  if (reps === null || !amrap) {
    return reps === null ? 'REPS_MISSING' : 'NOT_AMRAP';
  }
  if (reps < Number(p.minReps)) {
    return bounded(share(value, -micro(`${p.deloadPercent}`), p), value, p);
  }
  if (isTooLight(facts)) {
    return 'TARGET_MISSED';
  }
  return bounded(value + increment * (reps < Number(p.doubleThreshold) ? 1n : 2n), value, p);
}

/** Repetitions at less than the planned weight do not count, except for a manual trigger. */
function isTooLight({ light, byHand }: Facts): boolean {
  return light && !byHand;
}

function nextStage(value: Micro, stage: number, p: ModelParameters): Change | string {
  if (stage < (p.stages ?? []).length - 1) {
    return { value, stage: stage + 1 };
  }
  if (!p.resetOnExhaustion) {
    return 'STAGES_EXHAUSTED';
  }
  const target = p.deloadOnReset ? share(value, -micro(`${p.deloadPercent}`), p) : value;
  return { value: clamp(target, p), stage: 0 };
}

/** `value` and a share of it: to a multiple of the step, else to the millionth; ties up. */
function share(value: Micro, part: Micro, { roundTo, rounding }: ModelParameters): Micro {
  const exact = value * (ONE + part);
  const step = roundTo ? micro(roundTo) * ONE : ONE;
  const rest = ((exact % step) + step) % step;
  const down = exact - rest;
  const isUp = roundTo && rounding === 'UP' ? rest > 0n : 2n * rest >= step;
  return (isUp && !(roundTo && rounding === 'DOWN') ? down + step : down) / ONE;
}

function clamp(value: Micro, { minValue = '0', maxValue }: ModelParameters): Micro {
  const floored = value < micro(minValue) ? micro(minValue) : value;
  return maxValue && floored > micro(maxValue) ? micro(maxValue) : floored;
}

function bounded(target: Micro, value: Micro, p: ModelParameters): Change | string {
  const result = clamp(target, p);
  return result === value && target !== value ? 'AT_LIMIT' : { value: result };
}
