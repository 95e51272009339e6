import { describe, expect, test } from 'vitest';
import { assignRules, type ProgramRule } from '../../../src/progression/evaluation/program-rules.ts';
import { createRule } from '../../../src/progression/evaluation/rules/rule-types.ts';

const RULES = {
  session: createRule('LINEAR_PROGRESSION', {
    maxType: 'TRAINING_MAX',
    triggerType: 'AFTER_SESSION',
    increment: '5',
  }),
  sessionOneRm: createRule('LINEAR_PROGRESSION', {
    maxType: 'ONE_RM',
    triggerType: 'AFTER_SESSION',
    increment: '5',
  }),
  week: createRule('LINEAR_PROGRESSION', {
    maxType: 'TRAINING_MAX',
    triggerType: 'AFTER_WEEK',
    increment: '5',
  }),
  cycle: createRule('CYCLE_PROGRESSION', { maxType: 'TRAINING_MAX', increment: '5' }),
} as const;

/** `row id`, `rule`, and the lift, priority and whether it is enabled where that matters. */
type Row = readonly [id: string, rule: keyof typeof RULES, rest?: Partial<ProgramRule>];

function assigned(rows: readonly Row[], lifts: readonly string[] = ['squat', 'bench']): string[] {
  const rules = rows.map(([id, rule, rest]) => ({
    programProgressionId: id,
    progressionId: `rule of ${id}`,
    liftId: null,
    priority: 0,
    enabled: true,
    overrideIncrement: null,
    rule: RULES[rule],
    ...rest,
  }));
  return assignRules('program', lifts, rules).assignments.map(
    ({ programProgressionId, liftId, enabled }) =>
      `${programProgressionId} ${liftId}${enabled ? '' : ' off'}`,
  );
}

describe('the rules of a program', () => {
  test.each<[title: string, rows: Row[], expected: string[]]>([
    ['apply to every lift, in the order of lifts', [['a', 'session']], ['a squat', 'a bench']],
    ['apply to the lift they name', [['a', 'session', { liftId: 'bench' }]], ['a bench']],
    ['apply to a lift outside the list when they name it', [['a', 'session', { liftId: 'row' }]], ['a row']],
    [
      'give way to rules that a lift has for the same trigger and max type',
      [
        ['a', 'session'],
        ['b', 'session', { liftId: 'squat' }],
      ],
      ['a bench', 'b squat'],
    ],
    [
      'give way to a disabled one, which opts the lift out',
      [
        ['a', 'session'],
        ['b', 'session', { liftId: 'squat', enabled: false }],
      ],
      ['a bench', 'b squat off'],
    ],
    [
      'give way in any order of rows',
      [
        ['b', 'session', { liftId: 'squat', priority: 9 }],
        ['a', 'session', { priority: 10 }],
      ],
      ['b squat', 'a bench'],
    ],
    [
      'stay for another trigger',
      [
        ['a', 'session'],
        ['b', 'week', { liftId: 'squat' }],
      ],
      ['a squat', 'a bench', 'b squat'],
    ],
    [
      'stay for another max type',
      [
        ['a', 'session'],
        ['b', 'sessionOneRm', { liftId: 'squat' }],
      ],
      ['a squat', 'a bench', 'b squat'],
    ],
    [
      'give way pair by pair',
      [
        ['a', 'session'],
        ['b', 'week'],
        ['c', 'cycle'],
        ['d', 'week', { liftId: 'squat' }],
      ],
      ['a squat', 'a bench', 'b bench', 'c squat', 'c bench', 'd squat'],
    ],
    [
      'all stay when several have the whole program',
      [
        ['a', 'session'],
        ['b', 'session', { enabled: false }],
      ],
      ['a squat', 'a bench', 'b squat off', 'b bench off'],
    ],
    [
      'all stay when several have the same lift',
      [
        ['a', 'session', { liftId: 'squat' }],
        ['b', 'session', { liftId: 'squat' }],
      ],
      ['a squat', 'b squat'],
    ],
    [
      'come by priority, lower first',
      [
        ['a', 'session', { priority: 10 }],
        ['b', 'week', { priority: 9 }],
        ['c', 'cycle', { priority: -1 }],
      ],
      ['c squat', 'c bench', 'b squat', 'b bench', 'a squat', 'a bench'],
    ],
    [
      'come by the id of the row where priorities tie',
      [
        ['c', 'cycle'],
        ['B', 'week'],
        ['b', 'week'],
        ['a', 'session', { liftId: 'squat' }],
      ],
      ['B squat', 'B bench', 'a squat', 'b squat', 'b bench', 'c squat', 'c bench'],
    ],
    ['are none in an empty program', [], []],
  ])('%s', (_title, rows, expected) => {
    expect(assigned(rows)).toEqual(expected);
  });

  test('are none without lifts', () => {
    expect(assigned([['a', 'session']], [])).toEqual([]);
  });

  test('do not change the rows that they are made from', () => {
    const rules = Object.freeze([]);
    expect(assignRules('program', ['squat'], rules)).toEqual({
      programId: 'program',
      liftIds: ['squat'],
      assignments: [],
    });
  });
});
