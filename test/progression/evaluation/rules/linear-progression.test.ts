import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { testRefused } from './rule-case.ts';

const PARAMETERS = { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '5' };

describe('LINEAR_PROGRESSION', () => {
  test.each(['AFTER_SESSION', 'AFTER_WEEK'] as const)(
    'fires on the trigger that it names: %s',
    (triggerType) => {
      const rule = createRule('LINEAR_PROGRESSION', { ...PARAMETERS, triggerType });
      expect(rule).toMatchObject({ maxType: 'TRAINING_MAX', triggerType, countBy: null, stages: null });
      expect(rule.takesOverrideIncrement).toBe(true);
    },
  );

  testRefused('LINEAR_PROGRESSION', PARAMETERS, [
    ['no trigger', { triggerType: undefined }, ['triggerType']],
    ['the trigger of a cycle', { triggerType: 'AFTER_CYCLE' }, ['triggerType']],
    ['the trigger of a set', { triggerType: 'AFTER_SET' }, ['triggerType']],
    ['a required performance after sessions', { requirePerformed: true }, ['requirePerformed']],
    ['a trigger in small letters', { triggerType: 'after_week' }, ['triggerType']],
  ]);
});
