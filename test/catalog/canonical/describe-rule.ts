/** Rules of the catalogue in a line each, in the shorthand that lifters use. */
import type { CatalogRule } from '../../../src/catalog/canonical/program.ts';
import type { StoredIncrement } from '../../../src/catalog/rules/stored-parameters.ts';

/**
 * For example `AFTER_SESSION requireSuccess +5: squat deadlift`; `off` marks a place that is switched off.
 */
export function describeRule(rule: CatalogRule): string {
  const places = rule.places.map(({ liftSlug, enabled, overrideIncrement }) => {
    const override = overrideIncrement === null ? '' : ` +${overrideIncrement}`;
    return `${liftSlug ?? 'every lift'}${override}${enabled ? '' : ' off'}`;
  });
  return `${describeParameters(rule)}: ${places.join(', ')}`;
}

function describeParameters({ type, parameters }: CatalogRule): string {
  const rounding = parameters.roundTo ? ` to ${parameters.roundTo}` : '';
  switch (type) {
    case 'LINEAR_PROGRESSION':
      return `${parameters.triggerType}${success(parameters)} ${change(parameters)}${rounding}`;
    case 'CYCLE_PROGRESSION':
      return `AFTER_CYCLE${success(parameters)} ${change(parameters)}${rounding}`;
    case 'AMRAP_PROGRESSION': {
      const earned = parameters.thresholds.map(
        (threshold) => `${threshold.minReps} reps ${change(threshold)}`,
      );
      return `AMRAP ${earned.join(', ')}${rounding}`;
    }
    case 'DELOAD_ON_FAILURE': {
      const { deloadPercent, failureThreshold, countBy, resetOnDeload } = parameters;
      const reset = resetOnDeload ? ' counter to 0' : '';
      return `${percent(`-${deloadPercent}`)} / ${failureThreshold} ${countBy}${rounding}${reset}`;
    }
    case 'STAGE_PROGRESSION': {
      const stages = parameters.stages.map(
        ({ name, sets, reps, isAmrap, minVolume }) =>
          `${name} = ${sets}x${reps}${isAmrap ? '+' : ''} (${minVolume})`,
      );
      const end = parameters.deloadOnReset ? ` ${percent(`-${parameters.deloadPercent}`)}${rounding}` : '';
      const again = parameters.resetOnExhaustion ? ' then stage 1' : '';
      return `stages by ${parameters.countBy} and ${parameters.failBy}: ${stages.join(', ')}${end}${again}`;
    }
    case 'DOUBLE_PROGRESSION': {
      const { triggerType, minReps, maxReps, weightIncrement } = parameters;
      return `${triggerType} ${minReps}-${maxReps} reps +${weightIncrement}${rounding}`;
    }
    case 'GREYSKULL_PROGRESSION': {
      const { minReps, doubleThreshold, deloadPercent, weightIncrement } = parameters;
      const deload = `under ${minReps} ${percent(`-${deloadPercent}`)}`;
      return `AMRAP ${deload}, +${weightIncrement}, from ${doubleThreshold} twice${rounding}`;
    }
    case 'ESTIMATE_PROGRESSION':
      return `AMRAP estimate by ${parameters.formula} up to ${parameters.maxReps} reps${rounding}`;
  }
}

function success(parameters: { requireSuccess: boolean; requirePerformed?: boolean }): string {
  const { requireSuccess, requirePerformed } = parameters;
  return (requireSuccess ? ' requireSuccess' : '') + (requirePerformed ? ' requirePerformed' : '');
}

function change({ increment, incrementPercent }: StoredIncrement): string {
  return incrementPercent === undefined ? `+${increment}` : `+${percent(incrementPercent)}`;
}

function percent(share: string): string {
  return `${Number(share) * 100} %`;
}
