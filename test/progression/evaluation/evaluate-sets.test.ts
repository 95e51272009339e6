import { Decimal } from 'decimal.js';
import { describe, expect, test } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { createScenario, testPlay } from './scenario.ts';

const AMRAP: RuleRow = {
  id: 'amrap',
  type: 'AMRAP_PROGRESSION',
  parameters: { thresholds: [{ minReps: 5, increment: '5' }] },
};
const GREYSKULL: RuleRow = {
  id: 'greyskull',
  type: 'GREYSKULL_PROGRESSION',
  parameters: {
    weightIncrement: '2.5',
    minReps: 5,
    doubleThreshold: 10,
    deloadPercent: '0.1',
    roundTo: '2.5',
  },
};
const DOUBLE: RuleRow = {
  id: 'double',
  type: 'DOUBLE_PROGRESSION',
  parameters: { weightIncrement: '2.5', minReps: 8, maxReps: 12 },
};
const DOUBLE_BY_SESSION = { ...DOUBLE, parameters: { ...DOUBLE.parameters, triggerType: 'AFTER_SESSION' } };

describe('rules that fire after a set', () => {
  testPlay(
    'fire once for each work set of their lift',
    { rules: [DOUBLE], maxes: { curl: '20', squat: '100' } },
    [
      [
        'log curl 12/8 11/8 12/8',
        'double curl 20 → 22.5',
        'double curl REP_CEILING_NOT_REACHED',
        'double curl 22.5 → 25',
      ],
      ['log squat 12/8', 'double squat 100 → 102.5'],
      ['finish curl squat'],
    ],
  );

  testPlay('never fire for warm-ups', { rules: [AMRAP, GREYSKULL, DOUBLE], maxes: { squat: '100' } }, [
    ['log squat w12/5'],
    [
      'log squat w12/5 12/5 w12/5',
      'amrap squat NOT_AMRAP',
      'double squat 100 → 102.5',
      'greyskull squat NOT_AMRAP',
    ],
  ]);

  testPlay('distinguish AMRAP sets from work sets', { rules: [AMRAP, GREYSKULL], maxes: { squat: '100' } }, [
    ['log squat 7/5+', 'amrap squat 100 → 105', 'greyskull squat 105 → 107.5'],
    ['log squat 7/5', 'amrap squat NOT_AMRAP', 'greyskull squat NOT_AMRAP'],
    ['log squat 10/5+', 'amrap squat 107.5 → 112.5', 'greyskull squat 112.5 → 117.5'],
  ]);

  testPlay(
    'do not fire for another lift',
    { rules: [{ ...AMRAP, lift: 'squat' }], maxes: { squat: '100', bench: '60' } },
    [['log bench 9/5+'], ['log bench 9/5+, squat 9/5+', 'amrap squat 100 → 105']],
  );

  testPlay('are told off when disabled', { rules: [{ ...AMRAP, enabled: false }], maxes: { squat: '100' } }, [
    ['log squat 9/5+ w5/5 9/5+', 'amrap squat DISABLED', 'amrap squat DISABLED'],
  ]);

  testPlay(
    'go through the sets in order, and for each set through the rules',
    { rules: [AMRAP, DOUBLE], maxes: { squat: '100', bench: '60' } },
    [
      [
        'log squat 5/5+, bench 12/8, squat 4/4+',
        'amrap squat 100 → 105',
        'double squat REP_CEILING_NOT_REACHED',
        'amrap bench NOT_AMRAP',
        'double bench 60 → 62.5',
        'amrap squat REP_THRESHOLD_NOT_MET',
        'double squat REP_CEILING_NOT_REACHED',
      ],
    ],
  );
});

describe('double progression by session', () => {
  testPlay(
    'needs every work set of the lift at the top of the range',
    { rules: [DOUBLE_BY_SESSION], maxes: { curl: '20', squat: '100' } },
    [
      ['log curl 12/8 12/8, squat 8/8'],
      ['log curl w5/8 15/8+'],
      ['finish curl squat', 'double curl 20 → 22.5', 'double squat REP_CEILING_NOT_REACHED'],
      ['log curl 12/8 11/8 12/8'],
      ['finish curl', 'double curl REP_CEILING_NOT_REACHED', 'double squat LIFT_NOT_PERFORMED'],
      ['finish curl', 'double curl REPS_MISSING', 'double squat LIFT_NOT_PERFORMED'],
      ['log curl w12/8'],
      ['finish curl', 'double curl REPS_MISSING', 'double squat LIFT_NOT_PERFORMED'],
    ],
  );
});

describe('the instant of an application', () => {
  const instants = (scenario: ReturnType<typeof createScenario>, event: string, at: bigint) =>
    scenario.plan(event, at).results.map(({ application }) => application?.appliedAt);

  test("is the set's own time", () => {
    const scenario = createScenario({ rules: [AMRAP], maxes: { squat: '100', bench: '60' } });
    expect(instants(scenario, 'log squat w5/5 5/5+ 6/5+, bench 5/5+', 100n)).toEqual([101n, 102n, 103n]);
  });

  test('moves on by one where another application of the athlete has it', () => {
    const scenario = createScenario({ rules: [AMRAP], maxes: { squat: '100', bench: '60' } });
    expect(instants(scenario, 'log squat 5/5+ 5/5+', 100n)).toEqual([100n, 101n]);
    expect(instants(scenario, 'log bench 5/5+', 100n)).toEqual([102n]);
    expect(instants(scenario, 'log squat 5/5+ 5/5+', 99n)).toEqual([99n, 103n]);
  });

  test('moves on by one where an earlier set of the call has it', () => {
    const { athlete } = createScenario({ rules: [AMRAP], maxes: { squat: '100' } });
    const sets = [1, 2, 3].map((setNumber) => ({
      id: `set ${setNumber}`,
      liftId: 'squat',
      setNumber,
      kind: 'AMRAP' as const,
      weight: new Decimal(100),
      targetWeight: null,
      targetReps: 5,
      repsPerformed: 5,
      performedAt: setNumber === 3 ? 51n : 50n,
    }));
    const { results } = athlete.handle({ type: 'SETS_LOGGED', sessionId: 'session', sets }, 50n);
    expect(results.map(({ application }) => application?.appliedAt)).toEqual([50n, 51n, 52n]);
  });

  test('is shared by the rules of one event', () => {
    const rules = [AMRAP, { ...AMRAP, id: 'second' }];
    const scenario = createScenario({ rules, maxes: { squat: '100' } });
    expect(instants(scenario, 'log squat 5/5+', 100n)).toEqual([100n, 100n]);
  });

  test.each(['finish squat', 'week', 'cycle', 'force daily', 'ask daily'])(
    'is the time of the event: %s',
    (event) => {
      const parameters = { increment: '5' };
      const rules: RuleRow[] = [
        {
          id: 'daily',
          type: 'LINEAR_PROGRESSION',
          parameters: { ...parameters, triggerType: 'AFTER_SESSION' },
        },
        {
          id: 'weekly',
          type: 'LINEAR_PROGRESSION',
          parameters: { ...parameters, triggerType: 'AFTER_WEEK' },
        },
        { id: 'cyclical', type: 'CYCLE_PROGRESSION', parameters },
        AMRAP,
      ];
      const scenario = createScenario({ rules, maxes: { squat: '100' } });
      expect(instants(scenario, event, 7n)).toEqual([7n]);
      expect(instants(scenario, 'log squat 5/5+', 7n)).toEqual([8n]);
      expect(instants(scenario, event.replace('ask', 'force'), 7n)).toEqual([9n]);
    },
  );
});
