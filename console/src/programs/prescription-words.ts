/** What a program prescribes, in words. */
import { MaxType, SetKind, SetKindSchema } from '../../../src/gen/progression/v1/common_pb.ts';
import type { LiftPrescription, SetGroup } from '../../../src/gen/progression/v1/prescription_pb.ts';
import { enumWords, formatNumber } from '../words/formats.ts';

/** Of a week of the cycle, from 1. */
export function groupsOfWeek({ groups }: LiftPrescription, week: number): readonly SetGroup[] {
  return groups.filter(({ weeks }) => weeks.length === 0 || weeks.includes(week));
}

/** `3 × 5 at 85 % of the training max`. */
export function describeGroup(group: SetGroup, unit: string): string {
  const { kind, sets, reps, maxReps } = group;
  const range = `${reps}${maxReps > 0 ? `–${maxReps}` : ''}${kind === SetKind.AMRAP ? '+' : ''}`;
  const isOfStage = group.load.case === 'stage';
  const what = isOfStage ? 'The sets of the stage' : `${sets} × ${range}`;
  const note =
    kind === SetKind.WORK || kind === SetKind.AMRAP
      ? ''
      : ` (${enumWords(SetKindSchema, kind).toLowerCase()})`;
  return `${what} ${describeLoad(group.load, unit)}${note}`;
}

function describeLoad(load: SetGroup['load'], unit: string): string {
  switch (load.case) {
    case 'ofMax':
    case 'stage':
      return `at ${percent(load.value.percent)} of the ${maxName(load.value.maxType)}`;
    case 'weight':
      return Number(load.value) === 0
        ? "at the athlete's own weight"
        : `at ${load.value}${unit && ` ${unit}`}`;
    case 'offset': {
      const { kind, group } = load.value;
      const by =
        kind.case === 'percent' ? signed(percent(kind.value)) : signed(`${kind.value}${unit && ` ${unit}`}`);
      return `at the load of the sets in place ${group}, ${by}`;
    }
    case 'rpe':
      return `at RPE ${load.value}`;
    default:
      return 'by feel';
  }
}

function maxName(type: MaxType): string {
  switch (type) {
    case MaxType.ONE_RM:
      return '1RM';
    case MaxType.ESTIMATED_ONE_RM:
      return 'estimated 1RM';
    default:
      return 'training max';
  }
}

function percent(share: string): string {
  return `${formatNumber(Number(share) * 100)}\u00a0%`;
}

function signed(text: string): string {
  return /^[-−]/.test(text) ? text.replace('-', '−') : `+${text}`;
}
