/** What a step changed, as it is kept beside its result: the events that tell of it, without ids of their own. */
import { enumName } from '../../calls/enum-name.ts';
import type { Limits } from '../../config/config.ts';
import { MaxTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import type { TriggerOutcome } from '../../gen/progression/v1/progression_service_pb.ts';

/** An event that tells of a change. */
export interface StepChange {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The values before the change. */
  readonly previous?: Readonly<Record<string, unknown>>;
}

/** As it is stored. */
export interface KeptChanges {
  /** In order. */
  readonly told: readonly StepChange[];
  /** Those behind them, for which there was no room. */
  readonly leftOut: number;
}

/** The first of the changes that fit together into `stepChangesBytes`; null for none. */
export function keptChanges(
  changes: readonly StepChange[],
  { stepChangesBytes }: Pick<Limits, 'stepChangesBytes'>,
): KeptChanges | null {
  if (changes.length === 0) {
    return null;
  }
  const told: StepChange[] = [];
  let left = stepChangesBytes;
  for (const { type, data, previous } of changes) {
    const change = previous ? { type, data, previous } : { type, data };
    left -= Buffer.byteLength(JSON.stringify(change));
    if (left < 0) {
      break;
    }
    told.push(change);
  }
  return { told, leftOut: changes.length - told.length };
}

/** What the engine applied, the same for a repeated request. */
export function changesOfOutcome({ results }: TriggerOutcome): StepChange[] {
  return results
    .filter(({ applied }) => applied)
    .map((result) => ({
      type: 'progression_applied',
      data: {
        progression_id: result.progressionId,
        lift_id: result.liftId,
        max_type: enumName(MaxTypeSchema, result.maxType),
        previous_value: result.previousValue,
        new_value: result.newValue,
        delta: result.delta,
        log_id: result.logId,
      },
    }));
}
