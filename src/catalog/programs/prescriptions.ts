/** What the days of a program prescribe: checked, and converted between messages and stored JSON. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Decimal } from 'decimal.js';
import { enumName, enumValue } from '../../calls/enum-name.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import { MaxTypeSchema, SetKindSchema } from '../../gen/progression/v1/common_pb.ts';
import type {
  LiftPrescription,
  LiftPrescriptionSchema,
  SetGroup,
  SetGroupSchema,
} from '../../gen/progression/v1/prescription_pb.ts';
import type {
  ProgramDay,
  StoredLoad,
  StoredPrescription,
  StoredSetGroup,
} from '../../store/entities/program.ts';

/** A share of a max above this is a mistake. */
const MOST_SHARE = 2;

/** The prescriptions of a day in stored form, and all that is wrong with them, with paths from `path`. */
export function prescriptionsToStored(
  prescriptions: readonly LiftPrescription[],
  dayLiftIds: readonly string[],
  path: string,
): { stored: StoredPrescription[]; violations: FieldViolation[] } {
  const violations = prescriptions.flatMap((prescription, position) =>
    violationsOf(prescription, dayLiftIds, `${path}[${position}]`),
  );
  const stored = prescriptions.map(({ liftId, roundTo, groups }) => ({
    liftId: liftId.toLowerCase(),
    ...(roundTo !== '' && { roundTo: decimalText(roundTo) }),
    groups: groups.map(groupToStored),
  }));
  return { stored, violations };
}

/** Groups of weeks that a cycle of this many does not have. */
export function weeksBeyond(days: readonly ProgramDay[], weeksPerCycle: number): FieldViolation[] {
  return days.flatMap(({ prescriptions = [] }, day) =>
    prescriptions.flatMap(({ groups }, position) =>
      groups.flatMap(({ weeks = [] }, index) => {
        const beyond = weeks.filter((week) => week > weeksPerCycle);
        const field = `days[${day}].prescriptions[${position}].groups[${index}].weeks`;
        const description = `must be at most ${weeksPerCycle}, the weeks of the cycle, not ${beyond.join(', ')}`;
        return beyond.length > 0 ? [{ field, description }] : [];
      }),
    ),
  );
}

export function prescriptionMessage({
  liftId,
  roundTo,
  groups,
}: StoredPrescription): MessageInitShape<typeof LiftPrescriptionSchema> {
  return {
    liftId,
    roundTo,
    groups: groups.map(({ kind, sets, reps, maxReps, load, weeks }) => ({
      kind: enumValue(SetKindSchema, kind),
      ...{ sets, reps, maxReps, weeks },
      load: loadMessage(load),
    })),
  };
}

function violationsOf(
  { liftId, roundTo, groups }: LiftPrescription,
  dayLiftIds: readonly string[],
  path: string,
): FieldViolation[] {
  return [
    ...unless(dayLiftIds.includes(liftId.toLowerCase()), `${path}.lift_id`, 'must be a lift of the day'),
    ...unless(roundTo === '' || new Decimal(roundTo).gt(0), `${path}.round_to`, 'must be above 0'),
    ...groups.flatMap((group, index) => [
      ...repetitionFaults(group, `${path}.groups[${index}]`),
      ...loadFaults(group, groups, `${path}.groups[${index}]`),
    ]),
  ];
}

function repetitionFaults({ kind, sets, reps, maxReps, load }: SetGroup, path: string): FieldViolation[] {
  if (load.case === 'stage') {
    const counts = { sets, reps, max_reps: maxReps };
    return Object.entries(counts).flatMap(([name, count]) =>
      unless(count === 0, `${path}.${name}`, `must be 0 with stage, which has its own, not ${count}`),
    );
  }
  const isRange = maxReps === 0 || (maxReps > reps && enumName(SetKindSchema, kind) !== 'AMRAP');
  return [
    ...unless(sets >= 1, `${path}.sets`, 'must be at least 1'),
    ...unless(reps >= 1, `${path}.reps`, 'must be at least 1'),
    ...unless(isRange, `${path}.max_reps`, 'must be above reps, or 0; and 0 for SET_KIND_AMRAP'),
  ];
}

function loadFaults({ load }: SetGroup, groups: readonly SetGroup[], path: string): FieldViolation[] {
  switch (load.case) {
    case 'ofMax':
    case 'stage': {
      const field = `${path}.${load.case === 'ofMax' ? 'of_max' : 'stage'}.percent`;
      const share = new Decimal(load.value.percent);
      return unless(
        share.gt(0) && share.lte(MOST_SHARE),
        field,
        `must be above 0 and at most ${MOST_SHARE}, such as 0.85, not ${share.toFixed()}`,
      );
    }
    case 'offset': {
      const { group, kind } = load.value;
      const base = groups[group - 1]?.load.case;
      const isShare = kind.case === 'percent' && new Decimal(kind.value).abs().gt(1);
      return [
        ...unless(
          base === 'ofMax' || base === 'weight' || base === 'stage',
          `${path}.offset.group`,
          'must be another group, from 1, whose load is of_max, weight or stage',
        ),
        ...unless(!isShare, `${path}.offset.percent`, 'must be from -1 to 1, such as -0.1'),
      ];
    }
    default:
      return [];
  }
}

function groupToStored({ kind, sets, reps, maxReps, load, weeks }: SetGroup): StoredSetGroup {
  return {
    kind: enumName(SetKindSchema, kind) as StoredSetGroup['kind'],
    ...{ sets, reps },
    ...(maxReps > 0 && { maxReps }),
    load: loadToStored(load),
    ...(weeks.length > 0 && { weeks: weeks.toSorted((a, b) => a - b) }),
  };
}

function loadToStored(load: SetGroup['load']): StoredLoad {
  switch (load.case) {
    case 'ofMax':
    case 'stage': {
      const { maxType, percent } = load.value;
      const of = load.case === 'ofMax' ? 'MAX' : 'STAGE';
      return { of, maxType: enumName(MaxTypeSchema, maxType), percent: decimalText(percent) } as StoredLoad;
    }
    case 'weight':
      return { of: 'WEIGHT', weight: decimalText(load.value) };
    case 'offset': {
      const { group, kind } = load.value;
      const size = decimalText(kind.value ?? '0');
      return kind.case === 'percent'
        ? { of: 'GROUP', group, percent: size }
        : { of: 'GROUP', group, amount: size };
    }
    case 'rpe':
      return { of: 'RPE', rpe: decimalText(load.value) };
    case undefined:
      throw new TypeError('a set group without a load: the message was not validated');
  }
}

function loadMessage(load: StoredLoad): MessageInitShape<typeof SetGroupSchema>['load'] {
  switch (load.of) {
    case 'MAX':
    case 'STAGE': {
      const value = { maxType: enumValue(MaxTypeSchema, load.maxType), percent: load.percent };
      return load.of === 'MAX' ? { case: 'ofMax', value } : { case: 'stage', value };
    }
    case 'WEIGHT':
      return { case: 'weight', value: load.weight };
    case 'GROUP': {
      const kind =
        'percent' in load
          ? ({ case: 'percent', value: load.percent } as const)
          : ({ case: 'amount', value: load.amount } as const);
      return { case: 'offset', value: { group: load.group, kind } };
    }
    case 'RPE':
      return { case: 'rpe', value: load.rpe };
  }
}

/** Without zeros that say nothing, so that what is read back does not depend on how it was written. */
function decimalText(text: string): string {
  return new Decimal(text).toFixed();
}

function unless(holds: boolean, field: string, description: string): FieldViolation[] {
  return holds ? [] : [{ field, description }];
}
