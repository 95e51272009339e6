/** Converts lift maxes, failure counters and log rows to messages. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Decimal } from 'decimal.js';
import { enumValue } from '../../calls/enum-name.ts';
import {
  MaxTypeSchema,
  ProgressionTypeSchema,
  TriggerTypeSchema,
} from '../../gen/progression/v1/common_pb.ts';
import { WeightUnitSchema } from '../../gen/progression/v1/program_service_pb.ts';
import {
  type FailureCounterSchema,
  type LiftMaxSchema,
  LiftMaxSourceSchema,
  type ProgressionLogSchema,
} from '../../gen/progression/v1/progression_service_pb.ts';
import type { LiftMax } from '../../store/entities/lift-max.ts';
import { type Instant, instantFromText, instantToTimestamp } from '../../values/instant.ts';
import type { CounterReading } from './trigger-command.ts';

export function liftMaxMessage(
  max: Omit<LiftMax, 'accountId' | 'id'>,
): MessageInitShape<typeof LiftMaxSchema> {
  const { userId, liftId, version, reason, effectiveAt, recordedAt } = max;
  return {
    userId,
    liftId,
    maxType: enumValue(MaxTypeSchema, max.maxType),
    value: max.value.toFixed(),
    unit: enumValue(WeightUnitSchema, max.unit),
    version,
    source: enumValue(LiftMaxSourceSchema, max.source),
    effectiveAt: instantToTimestamp(effectiveAt),
    recordedAt: instantToTimestamp(recordedAt),
    reason,
  };
}

export function failureCounterMessage(
  userId: string,
  { liftId, progressionId, consecutiveFailures, lastFailureAt, lastSuccessAt }: CounterReading,
): MessageInitShape<typeof FailureCounterSchema> {
  return {
    userId,
    liftId,
    progressionId,
    consecutiveFailures,
    lastFailureAt: optionalTimestamp(lastFailureAt),
    lastSuccessAt: optionalTimestamp(lastSuccessAt),
  };
}

/** A log row with the names of its rule and its lift, as a query returns it. */
export interface ProgressionLogRow {
  readonly id: string;
  readonly user_id: string;
  readonly progression_id: string;
  readonly progression_name: string;
  readonly progression_type: string;
  readonly lift_id: string;
  readonly lift_name: string;
  readonly max_type: string;
  readonly previous_value: string;
  readonly new_value: string;
  readonly delta: string;
  readonly trigger_type: string;
  readonly trigger_context: Readonly<Record<string, string | number | boolean>>;
  readonly applied_at: string;
  readonly recorded_at: string;
  readonly lift_max_version: number;
  readonly stage_before: number | null;
  readonly stage_after: number | null;
  readonly reverted_by_log_id: string | null;
}

export function progressionLogMessage(row: ProgressionLogRow): MessageInitShape<typeof ProgressionLogSchema> {
  return {
    id: row.id,
    userId: row.user_id,
    progressionId: row.progression_id,
    progressionName: row.progression_name,
    progressionType: enumValue(ProgressionTypeSchema, row.progression_type),
    liftId: row.lift_id,
    liftName: row.lift_name,
    maxType: enumValue(MaxTypeSchema, row.max_type),
    previousValue: new Decimal(row.previous_value).toFixed(),
    newValue: new Decimal(row.new_value).toFixed(),
    delta: new Decimal(row.delta).toFixed(),
    triggerType: enumValue(TriggerTypeSchema, row.trigger_type),
    triggerContext: row.trigger_context,
    appliedAt: timestampOf(row.applied_at),
    recordedAt: timestampOf(row.recorded_at),
    liftMaxVersion: row.lift_max_version,
    stageBefore: row.stage_before ?? undefined,
    stageAfter: row.stage_after ?? undefined,
    revertedByLogId: row.reverted_by_log_id ?? '',
  };
}

function timestampOf(text: string) {
  return instantToTimestamp(instantFromText(text));
}

function optionalTimestamp(instant: Instant | null) {
  return instant === null ? undefined : instantToTimestamp(instant);
}
