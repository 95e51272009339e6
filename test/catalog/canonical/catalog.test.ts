/** The built-in catalogue: the figures of each program, and that a coach could have created every rule. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { violationsOf } from '../../../src/calls/message-validation.ts';
import { CATALOG_PROGRAMS } from '../../../src/catalog/canonical/catalog.ts';
import { parametersToStored } from '../../../src/catalog/rules/progression-parameters.ts';
import { parametersFromStored } from '../../../src/catalog/rules/rule-from-stored.ts';
import {
  CreateProgramRequestSchema,
  CreateProgressionRequestSchema,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { describeRule } from './describe-rule.ts';

/** Weeks a cycle and sessions a week, then the rules; see describeRule for the shorthand. */
const FIGURES: Record<string, [calendar: string, ...rules: string[]]> = {
  'starting-strength-lb': [
    'POUND 1x3',
    '-10 % / 2 SESSION to 5 counter to 0: every lift',
    '-10 % / 2 SESSION to 2.5 counter to 0: bench-press, overhead-press',
    'AFTER_SESSION requireSuccess +5: squat, deadlift',
    'AFTER_SESSION requireSuccess +2.5: bench-press, overhead-press',
  ],
  'starting-strength-kg': [
    'KILOGRAM 1x3',
    '-10 % / 2 SESSION to 2.5 counter to 0: every lift',
    '-10 % / 2 SESSION to 1.25 counter to 0: bench-press, overhead-press',
    'AFTER_SESSION requireSuccess +2.5: squat, deadlift',
    'AFTER_SESSION requireSuccess +1.25: bench-press, overhead-press',
  ],
  'stronglifts-5x5-lb': [
    'POUND 1x3',
    '-10 % / 3 SESSION to 5 counter to 0: every lift',
    'AFTER_SESSION requireSuccess +5: every lift',
    'AFTER_SESSION requireSuccess +10: deadlift',
  ],
  'stronglifts-5x5-kg': [
    'KILOGRAM 1x3',
    '-10 % / 3 SESSION to 2.5 counter to 0: every lift',
    'AFTER_SESSION requireSuccess +2.5: every lift',
    'AFTER_SESSION requireSuccess +5: deadlift',
  ],
  'madcow-5x5-lb': [
    'POUND 1x3',
    '-10 % / 2 SESSION to 5 counter to 0: every lift',
    'AFTER_WEEK requireSuccess requirePerformed +2.5 % to 5: every lift',
  ],
  'madcow-5x5-kg': [
    'KILOGRAM 1x3',
    '-10 % / 2 SESSION to 2.5 counter to 0: every lift',
    'AFTER_WEEK requireSuccess requirePerformed +2.5 % to 2.5: every lift',
  ],
  'madcow-5x5-fixed-lb': [
    'POUND 1x3',
    '-10 % / 2 SESSION to 5 counter to 0: every lift',
    '-10 % / 2 SESSION to 2.5 counter to 0: bench-press, barbell-row, incline-bench-press',
    'AFTER_WEEK requireSuccess requirePerformed +5: squat, deadlift',
    'AFTER_WEEK requireSuccess requirePerformed +2.5: bench-press, barbell-row, incline-bench-press',
  ],
  'texas-method-lb': [
    'POUND 1x3',
    'AFTER_WEEK requireSuccess requirePerformed +5: squat, deadlift',
    'AFTER_WEEK requireSuccess requirePerformed +2.5: bench-press, overhead-press, power-clean',
  ],
  'texas-method-kg': [
    'KILOGRAM 1x3',
    'AFTER_WEEK requireSuccess requirePerformed +2.5: squat, deadlift',
    'AFTER_WEEK requireSuccess requirePerformed +1.25: bench-press, overhead-press, power-clean',
  ],
  'wendler-531-bbb-lb': [
    'POUND 4x4',
    '-10 % / 1 SESSION to 5 counter to 0: every lift off',
    'AFTER_CYCLE requireSuccess requirePerformed +5: every lift, squat +10, deadlift +10',
  ],
  'wendler-531-bbb-kg': [
    'KILOGRAM 4x4',
    '-10 % / 1 SESSION to 2.5 counter to 0: every lift off',
    'AFTER_CYCLE requireSuccess requirePerformed +2.5: every lift, squat +5, deadlift +5',
  ],
  'gzclp-lb': [
    'POUND 1x3',
    'stages by SESSION and VOLUME: 5x3+ = 5x3+ (15), 6x2+ = 6x2+ (12), 10x1+ = 10x1+ (10) -15 % to 5 then stage 1: ' +
      'squat-t1, bench-press-t1, overhead-press-t1, deadlift-t1',
    'stages by SESSION and VOLUME: 3x10 = 3x10 (30), 3x8 = 3x8 (24), 3x6 = 3x6 (18) then stage 1: ' +
      'squat-t2, bench-press-t2, overhead-press-t2, deadlift-t2',
    'AFTER_SESSION requireSuccess +5: bench-press-t1, overhead-press-t1, bench-press-t2, overhead-press-t2',
    'AFTER_SESSION requireSuccess +10: squat-t1, deadlift-t1, squat-t2, deadlift-t2',
    'AMRAP 25 reps +5: lat-pulldown-t3, dumbbell-row-t3',
  ],
  'gzclp-kg': [
    'KILOGRAM 1x3',
    'stages by SESSION and VOLUME: 5x3+ = 5x3+ (15), 6x2+ = 6x2+ (12), 10x1+ = 10x1+ (10) -15 % to 2.5 then stage 1: ' +
      'squat-t1, bench-press-t1, overhead-press-t1, deadlift-t1',
    'stages by SESSION and VOLUME: 3x10 = 3x10 (30), 3x8 = 3x8 (24), 3x6 = 3x6 (18) then stage 1: ' +
      'squat-t2, bench-press-t2, overhead-press-t2, deadlift-t2',
    'AFTER_SESSION requireSuccess +2.5: bench-press-t1, overhead-press-t1, bench-press-t2, overhead-press-t2',
    'AFTER_SESSION requireSuccess +5: squat-t1, deadlift-t1, squat-t2, deadlift-t2',
    'AMRAP 25 reps +5: lat-pulldown-t3, dumbbell-row-t3',
  ],
  'greyskull-lp-lb': [
    'POUND 1x3',
    'AMRAP under 5 -10 %, +2.5, from 10 twice to 2.5: every lift, deadlift +5',
  ],
  'greyskull-lp-kg': [
    'KILOGRAM 1x3',
    'AMRAP under 5 -10 %, +2.5, from 10 twice to 2.5: every lift, deadlift +5',
  ],
  'nsuns-531-lp-lb': ['POUND 1x4', 'AMRAP 2 reps +5, 4 reps +10, 6 reps +15: every lift'],
  'nsuns-531-lp-kg': ['KILOGRAM 1x4', 'AMRAP 2 reps +2.5, 4 reps +5, 6 reps +7.5: every lift'],
  'nuckols-high-frequency-lb': ['POUND 3x6', 'AFTER_CYCLE requirePerformed +5: every lift'],
  'nuckols-high-frequency-amrap-lb': ['POUND 3x6', 'AMRAP 6 reps +5, 8 reps +10, 10 reps +15: every lift'],
  'nuckols-high-frequency-amrap-kg': [
    'KILOGRAM 3x6',
    'AMRAP 6 reps +2.5, 8 reps +5, 10 reps +7.5: every lift',
  ],
  'reddit-ppl-lb': [
    'POUND 1x6',
    '-10 % / 3 SESSION to 5 counter to 0: squat, deadlift',
    '-10 % / 3 SESSION to 2.5 counter to 0: bench-press, overhead-press, barbell-row',
    'AFTER_SESSION requireSuccess +2.5: bench-press, overhead-press, barbell-row',
    'AFTER_SESSION requireSuccess +5: squat, deadlift',
    'AFTER_SESSION 8-12 reps +5: every lift',
  ],
  'reddit-ppl-kg': [
    'KILOGRAM 1x6',
    '-10 % / 3 SESSION to 2.5 counter to 0: squat, deadlift',
    '-10 % / 3 SESSION to 1.25 counter to 0: bench-press, overhead-press, barbell-row',
    'AFTER_SESSION requireSuccess +1.25: bench-press, overhead-press, barbell-row',
    'AFTER_SESSION requireSuccess +2.5: squat, deadlift',
    'AFTER_SESSION 8-12 reps +2.5: every lift',
  ],
  sheiko: [' 4x3'],
};

describe('the catalogue', () => {
  it('has these programs, each once', () => {
    expect(CATALOG_PROGRAMS.map(({ slug }) => slug)).toEqual(Object.keys(FIGURES));
  });
});

describe.each(CATALOG_PROGRAMS.map((program) => [program.slug, program] as const))('%s', (slug, program) => {
  const { lifts, days, rules } = program;

  it('has the figures of its source, and names it', () => {
    const calendar = `${program.unit} ${program.weeksPerCycle}x${program.sessionsPerWeek}`;
    expect([calendar, ...rules.map(describeRule)]).toEqual(FIGURES[slug]);
    expect(program.source).not.toBe('');
  });

  it('has a calendar that CreateProgram accepts', () => {
    const { name, description, source, weeksPerCycle, sessionsPerWeek } = program;
    const request = create(CreateProgramRequestSchema, {
      ...{ slug, name, description, source, weeksPerCycle, sessionsPerWeek },
      days: days.map((day) => ({ slug: day.slug })),
    });
    expect(violationsOf(CreateProgramRequestSchema, request)).toEqual([]);
    expect(lifts.map((lift) => lift.slug).toSorted()).toEqual(
      [...new Set(days.flatMap(({ liftSlugs }) => liftSlugs))].toSorted(),
    );
  });

  it('has rules that CreateProgression accepts', () => {
    for (const rule of rules) {
      const { name, type, parameters } = rule;
      const request = create(CreateProgressionRequestSchema, {
        name,
        parameters: parametersFromStored(rule),
      });
      expect(violationsOf(CreateProgressionRequestSchema, request)).toEqual([]);
      expect(parametersToStored(request.parameters)).toEqual({ type, parameters });
    }
  });

  it('works on training maxes, and deloads before it adds', () => {
    const isOnFailure = (type: string) => type === 'DELOAD_ON_FAILURE' || type === 'STAGE_PROGRESSION';
    const prioritiesWhere = (wanted: boolean) =>
      rules
        .filter(({ type }) => isOnFailure(type) === wanted)
        .flatMap(({ places }) => places.map(({ priority }) => priority));
    expect(Math.max(...prioritiesWhere(true), -Infinity)).toBeLessThan(
      Math.min(...prioritiesWhere(false), Infinity),
    );
    for (const { parameters } of rules) {
      expect(parameters.maxType).toBe('TRAINING_MAX');
    }
  });

  it('has rules with distinct names, for its own lifts only', () => {
    const known = new Set<string | null>([null, ...lifts.map((lift) => lift.slug)]);
    for (const { liftSlug } of rules.flatMap(({ places }) => places)) {
      expect(known).toContain(liftSlug);
    }
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });
});
