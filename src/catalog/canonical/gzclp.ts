/**
 * GZCLP: three tiers, each with its own training max; a failure changes sets and repetitions before it
 * changes the weight.
 */
import type { BlueprintPrescription } from '../programs/blueprint.ts';
import type { StoredStage } from '../rules/stored-parameters.ts';
import type { CatalogLift } from './lifts.ts';
import { prescribe, sets, setsOfStage } from './prescriptions.ts';
import { BOTH_UNITS, type CatalogRule, defineProgram, type Unit } from './program.ts';
import { amrap, FAILURE_PRIORITY, linear, places, STEP, TRAINING_MAX } from './rules.ts';

const T1: CatalogLift[] = ['squat-t1', 'bench-press-t1', 'overhead-press-t1', 'deadlift-t1'];
const T2: CatalogLift[] = ['squat-t2', 'bench-press-t2', 'overhead-press-t2', 'deadlift-t2'];
const T3: CatalogLift[] = ['lat-pulldown-t3', 'dumbbell-row-t3'];

export const GZCLP = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `gzclp-${unit}`,
    name: `GZCLP (${unit})`,
    description:
      'A novice program in three tiers. T1 and T2 add weight after a session that met its targets and ' +
      'go on to the next stage after one that did not: what counts is the volume, the repetitions of ' +
      'all work sets together. T3 adds when the last set, logged as AMRAP, ' +
      'has 25 repetitions.',
    source: 'Cody Lefever, The GZCL Method: GZCLP; figures second-hand',
    unit,
    sessionsPerWeek: 3,
    days: {
      a1: ['squat-t1', 'bench-press-t2', 'lat-pulldown-t3'],
      b1: ['overhead-press-t1', 'deadlift-t2', 'dumbbell-row-t3'],
      a2: ['bench-press-t1', 'squat-t2', 'lat-pulldown-t3'],
      b2: ['deadlift-t1', 'overhead-press-t2', 'dumbbell-row-t3'],
    },
    prescriptions: {
      a1: tiers(unit, 'squat-t1', 'bench-press-t2', 'lat-pulldown-t3'),
      b1: tiers(unit, 'overhead-press-t1', 'deadlift-t2', 'dumbbell-row-t3'),
      a2: tiers(unit, 'bench-press-t1', 'squat-t2', 'lat-pulldown-t3'),
      b2: tiers(unit, 'deadlift-t1', 'overhead-press-t2', 'dumbbell-row-t3'),
    },
    rules: [
      firstTierStages(unit),
      secondTierStages(),
      linear({
        unit,
        triggerType: 'AFTER_SESSION',
        increment: STEP,
        lifts: ['bench-press-t1', 'overhead-press-t1', 'bench-press-t2', 'overhead-press-t2'],
      }),
      linear({
        unit,
        triggerType: 'AFTER_SESSION',
        increment: { lb: '10', kg: '5' },
        lifts: ['squat-t1', 'deadlift-t1', 'squat-t2', 'deadlift-t2'],
      }),
      amrap(unit, `T3: +5 ${unit} at 25 repetitions`, { 25: { lb: '5', kg: '5' } }, T3),
    ],
  }),
);

/** The first two by their stages, to the step that they go up by; the third 3x15 with an AMRAP set at the end. */
function tiers(unit: Unit, t1: CatalogLift, t2: CatalogLift, t3: CatalogLift): BlueprintPrescription[] {
  return [
    prescribe(t1, setsOfStage(), STEP[unit]),
    prescribe(t2, setsOfStage(), STEP[unit]),
    prescribe(t3, sets('2x15@100 1x15+@100'), STEP[unit]),
  ];
}

function firstTierStages(unit: Unit): CatalogRule {
  return {
    name: 'T1: 5x3+, 6x2+, 10x1+, then -15 %',
    type: 'STAGE_PROGRESSION',
    parameters: {
      maxType: TRAINING_MAX,
      stages: [stage('5x3+', 5, 3), stage('6x2+', 6, 2), stage('10x1+', 10, 1)],
      resetOnExhaustion: true,
      deloadOnReset: true,
      deloadPercent: '0.15',
      countBy: 'SESSION',
      failBy: 'VOLUME',
      roundTo: STEP[unit],
    },
    places: places(FAILURE_PRIORITY, T1),
  };
}

function secondTierStages(): CatalogRule {
  return {
    name: 'T2: 3x10, 3x8, 3x6',
    type: 'STAGE_PROGRESSION',
    parameters: {
      maxType: TRAINING_MAX,
      stages: [stage('3x10', 3, 10), stage('3x8', 3, 8), stage('3x6', 3, 6)],
      resetOnExhaustion: true,
      deloadOnReset: false,
      countBy: 'SESSION',
      failBy: 'VOLUME',
    },
    places: places(FAILURE_PRIORITY, T2),
  };
}

/** The target volume, which decides, is sets times repetitions; a plus marks the last set as AMRAP. */
function stage(name: string, sets: number, reps: number): StoredStage {
  return { name, sets, reps, isAmrap: name.endsWith('+'), minVolume: sets * reps };
}
