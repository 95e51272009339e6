/** What a rule does, in words. */
import {
  EstimateFormulaSchema,
  TriggerType,
  TriggerTypeSchema,
} from '../../../src/gen/progression/v1/common_pb.ts';
import {
  DeloadType,
  type Increment,
  type Progression,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { enumWords } from '../words/formats.ts';

export function describeRule({ parameters }: Progression): string {
  const rule = parameters?.rule;
  switch (rule?.case) {
    case 'linearProgression': {
      const { triggerType, increment, requireSuccess } = rule.value;
      const when = triggerType === TriggerType.AFTER_WEEK ? 'week' : 'session';
      return `Adds ${amount(increment)} after each ${when}${requireSuccess ? ' that met its targets' : ''}`;
    }
    case 'cycleProgression':
      return `Adds ${amount(rule.value.increment)} when a cycle ends${rule.value.requireSuccess ? ' that met its targets' : ''}`;
    case 'amrapProgression':
      return `By the repetitions of the AMRAP set: ${rule.value.thresholds
        .toSorted((a, b) => a.minReps - b.minReps)
        .map(({ minReps, increment }) => `${minReps} or more, ${amount(increment)}`)
        .join('; ')}`;
    case 'deloadOnFailure': {
      const { deloadType, deloadPercent, deloadAmount, failureThreshold } = rule.value;
      const off = deloadType === DeloadType.PERCENT ? percent(deloadPercent) : deloadAmount;
      return `Takes ${off} off after ${failureThreshold} missed in a row`;
    }
    case 'stageProgression':
      return `Stages ${rule.value.stages.map(({ name }) => name).join(', ')}; the next one after a miss`;
    case 'doubleProgression': {
      const { weightIncrement, minReps, maxReps, triggerType } = rule.value;
      const when = enumWords(TriggerTypeSchema, triggerType).toLowerCase();
      return `Adds ${weightIncrement} at ${maxReps} repetitions of a range of ${minReps} to ${maxReps}, ${when}`;
    }
    case 'greyskullProgression': {
      const { weightIncrement, minReps, doubleThreshold, deloadPercent } = rule.value;
      return `By the AMRAP set: adds ${weightIncrement} from ${minReps} repetitions on, twice that from ${doubleThreshold} on; below, takes ${percent(deloadPercent)} off`;
    }
    case 'estimateProgression':
      return `Raises the max to the ${enumWords(EstimateFormulaSchema, rule.value.formula)} estimate of an AMRAP set of at most ${rule.value.maxReps} repetitions`;
    default:
      return 'A rule that this console does not know';
  }
}

function amount(increment: Increment | undefined): string {
  const kind = increment?.kind;
  return kind?.case === 'percent' ? percent(kind.value) : (kind?.value ?? '');
}

/** `0.1` → `10 %`. */
function percent(share: string): string {
  return `${Math.round(Number(share) * 10_000) / 100}\u00a0%`;
}
