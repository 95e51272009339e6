import { describe, expect, test } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { createScenario, testPlay } from './scenario.ts';

const LINEAR: RuleRow = {
  id: 'linear',
  type: 'LINEAR_PROGRESSION',
  parameters: { triggerType: 'AFTER_SESSION', increment: '5', requireSuccess: true },
};
const DELOAD: RuleRow = {
  id: 'deload',
  type: 'DELOAD_ON_FAILURE',
  parameters: { failureThreshold: 3, deloadType: 'percent', deloadPercent: '0.1', resetOnDeload: true },
};

describe('a manual trigger fires a rule', () => {
  testPlay(
    'for all its lifts, or for one',
    { rules: [LINEAR, DELOAD], maxes: { squat: '100', bench: '60' } },
    [
      ['force linear', 'linear squat 100 → 105', 'linear bench 60 → 65'],
      ['force linear bench', 'linear bench 65 → 70'],
      ['force linear curl'],
      ['force nothing'],
    ],
  );

  testPlay(
    'instead of its own trigger, without required success and failures',
    { rules: [LINEAR, DELOAD], maxes: { squat: '100' } },
    [
      ['log squat 4/5', 'deload squat FAILURE_THRESHOLD_NOT_MET'],
      ['finish squat', 'linear squat TARGET_MISSED'],
      ['force linear', 'linear squat 100 → 105'],
      ['force deload', 'deload squat 105 → 94.5'],
    ],
  );

  testPlay(
    'but not without a max, nor for a disabled row',
    {
      rules: [LINEAR, { ...DELOAD, enabled: false }],
      lifts: ['squat', 'bench'],
      maxes: { squat: '100' },
    },
    [
      ['force linear', 'linear squat 100 → 105', 'linear bench NO_CURRENT_MAX'],
      ['force deload squat', 'deload squat DISABLED'],
    ],
  );

  testPlay(
    'which moves a stage on',
    {
      rules: [
        {
          id: 'stage',
          type: 'STAGE_PROGRESSION',
          parameters: { stages: Array(2).fill({ name: '5x5', sets: 5, reps: 5, minVolume: 25 }) },
        },
      ],
      maxes: { squat: '100' },
    },
    [
      ['force stage', 'stage squat 100 → 100 stage 1'],
      ['force stage', 'stage squat STAGES_EXHAUSTED stage 1'],
    ],
  );

  testPlay(
    'with the repetitions of the latest session of the lift',
    {
      rules: [
        {
          id: 'amrap',
          type: 'AMRAP_PROGRESSION',
          parameters: { thresholds: [{ minReps: 5, increment: '5' }] },
        },
        {
          id: 'double',
          type: 'DOUBLE_PROGRESSION',
          parameters: { triggerType: 'AFTER_SESSION', weightIncrement: '2.5', minReps: 8, maxReps: 12 },
        },
      ],
      maxes: { squat: '100', bench: '60' },
    },
    [
      ['force amrap', 'amrap squat REPS_MISSING', 'amrap bench REPS_MISSING'],
      [
        'log squat 12/8 12/8, bench 5/5+ 1/1+ 12/5',
        'amrap squat NOT_AMRAP',
        'amrap squat NOT_AMRAP',
        'amrap bench 60 → 65',
        'amrap bench REP_THRESHOLD_NOT_MET',
        'amrap bench NOT_AMRAP',
      ],
      ['force double', 'double squat 100 → 102.5', 'double bench REP_CEILING_NOT_REACHED'],
      // The last AMRAP set counts for the session; without one, the last work set.
      ['force amrap', 'amrap squat NOT_AMRAP', 'amrap bench REP_THRESHOLD_NOT_MET'],
      ['finish squat bench', 'double squat 102.5 → 105', 'double bench REP_CEILING_NOT_REACHED'],
      ['log bench 8/5+ w1/5', 'amrap bench 65 → 70'],
      ['force amrap', 'amrap squat NOT_AMRAP', 'amrap bench 70 → 75'],
    ],
  );
});

describe('without force', () => {
  testPlay(
    'a rule applies once per event, by hand',
    { rules: [LINEAR], maxes: { squat: '100', bench: '60' } },
    [
      ['ask linear squat', 'linear squat 100 → 105'],
      ['ask linear', 'linear squat ALREADY_APPLIED', 'linear bench 60 → 65'],
      ['force linear squat', 'linear squat 105 → 110'],
      ['week'],
      ['ask linear', 'linear squat 110 → 115', 'linear bench 65 → 70'],
    ],
  );

  testPlay(
    'a rule does not apply where the event applied it',
    { rules: [LINEAR], maxes: { squat: '100', bench: '60' } },
    [
      ['finish squat', 'linear squat 100 → 105', 'linear bench LIFT_NOT_PERFORMED'],
      ['ask linear', 'linear squat ALREADY_APPLIED', 'linear bench 60 → 65'],
      ['ask linear', 'linear squat ALREADY_APPLIED', 'linear bench ALREADY_APPLIED'],
    ],
  );

  testPlay(
    'a disabled row is reported as disabled first',
    { rules: [{ ...LINEAR, enabled: false }], maxes: { squat: '1' } },
    [['ask linear', 'linear squat DISABLED']],
  );

  test('the answer names the existing application', () => {
    const scenario = createScenario({ rules: [LINEAR], maxes: { squat: '100' } });
    scenario.play('finish squat');
    const [result] = scenario.plan('ask linear').results;
    expect(result).toMatchObject({ earlierLogId: 'log-2', application: null, triggerType: 'MANUAL' });
    expect(result?.value?.toFixed()).toBe('105');
  });

  test.each([
    ['nothing', [], 'manual:after:none'],
    ['a session', ['finish squat'], 'manual:after:AFTER_SESSION:session:session-1'],
    ['a week', ['week'], 'manual:after:AFTER_WEEK:week:enrollment:1:1'],
    ['a cycle', ['week', 'cycle'], 'manual:after:AFTER_CYCLE:cycle:enrollment:1'],
    ['sets', ['log squat 5/5 5/5'], 'manual:after:AFTER_SET:set:session-1:squat:2'],
  ])('an application has the key of the event before it: %s', (_what, events, triggerKey) => {
    const rules = [{ ...DELOAD, parameters: { ...DELOAD.parameters, failureThreshold: 100 } }];
    const scenario = createScenario({ rules, maxes: { squat: '100' } });
    for (const event of events) {
      scenario.play(event);
    }
    expect(scenario.plan('ask deload').results[0]?.application?.triggerKey).toBe(triggerKey);
  });
});

describe('by hand', () => {
  test('with force, an application has the key of its request', () => {
    const scenario = createScenario({ rules: [LINEAR], maxes: { squat: '100' } });
    scenario.play('ask linear');
    expect(scenario.plan('force linear').results[0]?.application?.triggerKey).toBe('manual:request-2');
  });

  test.each([
    ['ask deload', false],
    ['force deload', true],
  ])('an application records actor and reason: %s', (event, forced) => {
    const scenario = createScenario({ rules: [DELOAD], maxes: { squat: '100' } });
    const [result] = scenario.plan(event).results;
    expect(result?.triggerType).toBe('MANUAL');
    expect(result?.application?.context).toEqual({ manual: true, forced, reason: 'because', actor: 'coach' });
  });

  test('a deload resets the counter, and counts no failure itself', () => {
    const scenario = createScenario({ rules: [DELOAD], maxes: { squat: '100' } });
    scenario.play('log squat 4/5 4/5');
    const { results } = scenario.plan('force deload');
    expect(results[0]?.application?.failuresBefore).toBe(2);
    expect(scenario.failures('deload', 'squat')).toBe(0);
  });
});
