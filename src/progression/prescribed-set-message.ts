/** Prescribed sets as messages: the load, where it comes from, and what it is made of. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { enumValue } from '../calls/enum-name.ts';
import { MaxTypeSchema, SetKindSchema } from '../gen/progression/v1/common_pb.ts';
import { ImplementSchema, type LoadingSchema, LoadLimitSchema } from '../gen/progression/v1/equipment_pb.ts';
import { RoundingSchema, WeightUnitSchema } from '../gen/progression/v1/program_service_pb.ts';
import { PrescriptionGapSchema } from '../gen/progression/v1/progression_service_pb.ts';
import type { Loading } from './evaluation/equipment/equipment.ts';
import type { PrescribedSet } from './evaluation/prescribe.ts';

export function prescribedSetMessage({ kind, load, maxReps, rpe, stage, gap, ...set }: PrescribedSet) {
  const { max, offset, loading } = load ?? {};
  return {
    ...set,
    kind: enumValue(SetKindSchema, kind),
    maxReps: maxReps ?? 0,
    load: load?.rounded.toFixed(),
    exactLoad: load?.exact.toFixed(),
    rpe: rpe ?? undefined,
    gap: gap ? enumValue(PrescriptionGapSchema, gap) : 0,
    stage: stage ?? undefined,
    loading: loading ? loadingMessage(loading) : undefined,
    source: load
      ? {
          ...(max && {
            maxType: enumValue(MaxTypeSchema, max.maxType),
            maxValue: max.current.value.toFixed(),
            maxVersion: max.current.version,
            percent: max.percent,
          }),
          offsetAmount: offset && 'amount' in offset ? offset.amount : '',
          offsetPercent: offset && 'percent' in offset ? offset.percent : '',
          roundTo: load.roundTo?.toFixed(),
        }
      : undefined,
  };
}

function loadingMessage(loading: Loading): MessageInitShape<typeof LoadingSchema> {
  const { implement, bar, step, platesPerSide, rounding, limit } = loading;
  return {
    implement: enumValue(ImplementSchema, implement),
    ...(bar && { barWeight: bar.weight, barUnit: enumValue(WeightUnitSchema, bar.unit) }),
    ...(step && { step: step.weight, stepUnit: enumValue(WeightUnitSchema, step.unit) }),
    platesPerSide: platesPerSide.map(({ weight, unit, count }) => ({
      ...{ weight, count },
      unit: enumValue(WeightUnitSchema, unit),
    })),
    rounding: enumValue(RoundingSchema, rounding),
    limit: limit ? enumValue(LoadLimitSchema, limit) : 0,
  };
}
