import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';

describe('CYCLE_PROGRESSION', () => {
  test('fires after cycles, whatever trigger its parameters name', () => {
    const parameters = { maxType: 'ONE_RM', triggerType: 'AFTER_WEEK', increment: '10' };
    const rule = createRule('CYCLE_PROGRESSION', parameters);
    expect(rule).toMatchObject({
      maxType: 'ONE_RM',
      triggerType: 'AFTER_CYCLE',
      countBy: null,
      stages: null,
    });
    expect(rule.takesOverrideIncrement).toBe(true);
  });
});
