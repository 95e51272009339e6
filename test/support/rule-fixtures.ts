/** The rules that most tests of events use, as they are stored; parameters on top. */
import type { RuleFixture } from './fixtures.ts';

type Parameters = Readonly<Record<string, unknown>>;
type Place = Omit<RuleFixture, 'type' | 'parameters'>;

function ruleOf(type: string, defaults: Parameters, parameters: Parameters, place: Place): RuleFixture {
  return { type, parameters: { maxType: 'TRAINING_MAX', ...defaults, ...parameters }, ...place };
}

/** +2.5 after each session. */
export function linear(parameters: Parameters = {}, place: Place = {}): RuleFixture {
  const increment = 'incrementPercent' in parameters ? {} : { increment: '2.5' };
  return ruleOf('LINEAR_PROGRESSION', { triggerType: 'AFTER_SESSION', ...increment }, parameters, place);
}

/** +5 after each cycle. */
export function cycle(parameters: Parameters = {}, place: Place = {}): RuleFixture {
  return ruleOf('CYCLE_PROGRESSION', { increment: '5' }, parameters, place);
}

/** +5 for eight repetitions and more in an AMRAP set. */
export function amrap(parameters: Parameters = {}, place: Place = {}): RuleFixture {
  return ruleOf('AMRAP_PROGRESSION', { thresholds: [{ minReps: 8, increment: '5' }] }, parameters, place);
}

/** -10 %, to the next 2.5, for each failed set. */
export function deload(parameters: Parameters = {}, place: Place = {}): RuleFixture {
  const defaults = { failureThreshold: 1, deloadType: 'percent', deloadPercent: '0.1', roundTo: '2.5' };
  return ruleOf('DELOAD_ON_FAILURE', defaults, parameters, place);
}

/** 5x3+, 6x2+, 10x1+, then from the start with 15 % less. */
export function stages(parameters: Parameters = {}, place: Place = {}): RuleFixture {
  const schemes = [
    [5, 3],
    [6, 2],
    [10, 1],
  ] as const;
  const defaults = {
    stages: schemes.map(([sets, reps]) => ({
      name: `${sets}x${reps}+`,
      sets,
      reps,
      isAmrap: true,
      minVolume: sets * reps,
    })),
    resetOnExhaustion: true,
    deloadOnReset: true,
    deloadPercent: '0.15',
    roundTo: '2.5',
  };
  return ruleOf('STAGE_PROGRESSION', defaults, parameters, place);
}
