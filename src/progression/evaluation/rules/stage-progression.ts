/**
 * STAGE_PROGRESSION: a failure leads to the next set and repetition scheme; after the last, the rule starts
 * over with less weight, or stops.
 */
import { type ParameterReader, readParameters, SHARE } from './parameters.ts';
import { type CountBy, type Rule, type StageParameters, skip } from './rule.ts';
import { addPercent, boundsFor, changeTo, readBounds } from './weight.ts';

const MOST_STAGES = 20;

export function createStageProgression(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const maxType = reader.maxType();
  const stages = reader.list('stages', MOST_STAGES).map((element) => ({
    name: element.text('name', 100),
    sets: element.integer('sets', 1, 100),
    reps: element.integer('reps', 1, 1000),
    isAmrap: element.flag('isAmrap'),
    minVolume: element.integer('minVolume', 0, 100_000),
  }));
  const resetOnExhaustion = reader.flag('resetOnExhaustion');
  const deloadOnReset = reader.flag('deloadOnReset');
  const deloadPercent = deloadOnReset ? reader.requiredDecimal('deloadPercent', SHARE) : null;
  const countBy = reader.countBy();
  const failBy = reader.oneOf('failBy', ['SETS', 'VOLUME'], 'SETS');
  if (failBy === 'VOLUME') {
    refuseWithoutVolume(reader, countBy, stages);
  }
  const bounds = readBounds(reader);
  reader.finish();
  return {
    maxType,
    triggerType: 'ON_FAILURE',
    countBy,
    stages,
    failBy,
    takesOverrideIncrement: false,
    apply({ currentValue, overrideBounds, stage }) {
      if (stage + 1 < stages.length) {
        return { applied: true, newValue: currentValue, stage: stage + 1 };
      }
      if (!resetOnExhaustion) {
        return skip('STAGES_EXHAUSTED');
      }
      const target = deloadPercent ? addPercent(currentValue, deloadPercent.neg(), bounds) : currentValue;
      return changeTo(target, currentValue, boundsFor(bounds, overrideBounds), { stage: 0 });
    },
  };
}

/** A volume is that of a session, and one of 0 could not be missed. */
function refuseWithoutVolume(
  reader: ParameterReader,
  countBy: CountBy,
  stages: readonly StageParameters[],
): void {
  if (countBy !== 'SESSION') {
    reader.violate('failBy', 'FAIL_BY_VOLUME goes with COUNT_BY_SESSION only: a volume is that of a session');
  }
  for (const [index, { minVolume }] of stages.entries()) {
    if (minVolume === 0) {
      reader.violate(`stages[${index}].minVolume`, 'must be at least 1 with FAIL_BY_VOLUME');
    }
  }
}
