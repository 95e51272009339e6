/** Random programs and training histories for property tests. */
import fc from 'fast-check';
import type { RuleRow } from '../athlete.ts';
import type { ModelRow } from '../model-rules.ts';

export const LIFTS = ['squat', 'bench'];

export interface RandomProgram {
  readonly rules: (RuleRow & ModelRow)[];
  readonly maxes: Record<string, string>;
}

const weight = fc.constantFrom('2.5', '5', '1.25', '10', '0.000001', '0.333333', '40');
const share = fc.constantFrom('0.01', '0.025', '0.05', '0.033333');
const deloadShare = fc.constantFrom('0.1', '0.15', '0.025', '0.333333', '1');
const flag = fc.boolean();
const countBy = fc.constantFrom('SET', 'SESSION', undefined);

const increment = fc.oneof(
  weight.map((value) => ({ increment: value })),
  share.map((value) => ({ incrementPercent: value })),
);

const bounds = fc.record({
  roundTo: fc.constantFrom(undefined, undefined, '2.5', '5', '0.000001', '1.1'),
  rounding: fc.constantFrom(undefined, 'NEAREST', 'DOWN', 'UP'),
  minValue: fc.constantFrom(undefined, undefined, '20', '45.25', '0'),
  maxValue: fc.constantFrom(undefined, undefined, undefined, '50', '110.5', '400'),
});

const thresholds = fc.uniqueArray(
  fc.record({
    minReps: fc.integer({ min: 0, max: 12 }),
    change: fc.oneof(
      increment,
      weight.map((value) => ({ increment: `-${value}` })),
      deloadShare.map((value) => ({ incrementPercent: `-${value}` })),
    ),
  }),
  { minLength: 1, maxLength: 4, selector: ({ minReps }) => minReps },
);

const byType = fc.oneof(
  fc
    .record({
      increment,
      requireSuccess: flag,
      when: fc.constantFrom(
        { triggerType: 'AFTER_SESSION' },
        { triggerType: 'AFTER_WEEK', requirePerformed: false },
        { triggerType: 'AFTER_WEEK', requirePerformed: true },
      ),
    })
    .map(
      ({ increment: inc, when, ...rest }) => ['LINEAR_PROGRESSION', { ...inc, ...when, ...rest }] as const,
    ),
  fc
    .record({ increment, requireSuccess: flag, requirePerformed: flag })
    .map(({ increment: inc, ...rest }) => ['CYCLE_PROGRESSION', { ...inc, ...rest }] as const),
  thresholds.map(
    (list) =>
      [
        'AMRAP_PROGRESSION',
        { thresholds: list.map(({ minReps, change }) => ({ minReps, ...change })) },
      ] as const,
  ),
  fc
    .record({
      failureThreshold: fc.integer({ min: 1, max: 3 }),
      resetOnDeload: flag,
      countBy,
      deload: fc.oneof(
        deloadShare.map((value) => ({ deloadType: 'percent', deloadPercent: value })),
        weight.map((value) => ({ deloadType: 'fixed', deloadAmount: value })),
      ),
    })
    .map(({ deload, ...rest }) => ['DELOAD_ON_FAILURE', { ...rest, ...deload }] as const),
  fc
    .record({
      count: fc.integer({ min: 1, max: 3 }),
      resetOnExhaustion: flag,
      deloadOnReset: flag,
      deloadPercent: deloadShare,
      judged: fc.oneof(
        countBy.map((by) => ({ countBy: by })),
        fc.constant({ countBy: 'SESSION', failBy: 'VOLUME' }),
      ),
    })
    .map(
      ({ count, judged, ...rest }) =>
        ['STAGE_PROGRESSION', { ...rest, ...judged, stages: STAGES.slice(0, count) }] as const,
    ),
  fc
    .record({
      weightIncrement: weight,
      minReps: fc.integer({ min: 1, max: 5 }),
      maxReps: fc.integer({ min: 5, max: 10 }),
      triggerType: fc.constantFrom(undefined, 'AFTER_SET', 'AFTER_SESSION'),
    })
    .map((parameters) => ['DOUBLE_PROGRESSION', parameters] as const),
  fc
    .record({
      weightIncrement: weight,
      minReps: fc.integer({ min: 1, max: 5 }),
      doubleThreshold: fc.integer({ min: 6, max: 10 }),
      deloadPercent: deloadShare,
    })
    .map((parameters) => ['GREYSKULL_PROGRESSION', parameters] as const),
);

const STAGES = [25, 15, 8].map((minVolume) => ({ name: '5x5', sets: 5, reps: 5, isAmrap: false, minVolume }));

const row = fc.record({
  byType,
  bounds,
  maxType: fc.constantFrom('TRAINING_MAX', 'TRAINING_MAX', 'TRAINING_MAX', 'ONE_RM'),
  lift: fc.constantFrom(undefined, undefined, ...LIFTS),
  priority: fc.integer({ min: 0, max: 2 }),
  enabled: fc.constantFrom(true, true, true, true, false),
  override: fc.constantFrom(undefined, undefined, '3.75', '0.1'),
});

/** One to five rules for two lifts, most of which have a max. */
export const randomProgram: fc.Arbitrary<RandomProgram> = fc.record({
  rules: fc.array(row, { minLength: 1, maxLength: 5, size: 'max' }).map((rows) =>
    rows.map(({ byType: [type, parameters], bounds: limits, maxType, ...place }, index) => ({
      id: `rule${index}`,
      type,
      parameters: { ...limits, ...parameters, maxType },
      ...place,
    })),
  ),
  maxes: fc
    .record({
      squat: fc.constantFrom('100', '62.5', '0', '0.1', '315.123457', '45.25'),
      bench: fc.constantFrom('60', '102.5', undefined),
      'squat ONE_RM': fc.constantFrom('140', undefined),
      'bench ONE_RM': fc.constantFrom('80.000001', undefined),
    })
    .map((maxes) =>
      Object.fromEntries(Object.entries(maxes).flatMap(([name, value]) => (value ? [[name, value]] : []))),
    ),
});

const lift = fc.constantFrom(...LIFTS);
const set = fc
  .tuple(
    fc.constantFrom('', '', '', '', 'w', 's'),
    fc.integer({ min: 0, max: 12 }),
    fc.constantFrom(5, 5, 5, 8),
    fc.constantFrom('', '+'),
    fc.constantFrom('', '', '', '@100/100', '@99/100'),
  )
  .map(
    ([mark, performed, target, amrap, weights]) =>
      `${mark}${performed}/${target}${mark ? '' : amrap}${weights}`,
  );
const setsOfLift = fc
  .tuple(lift, fc.array(set, { minLength: 1, maxLength: 4 }))
  .map((all) => all.flat().join(' '));

/** One to thirty events, in the words of the scenario tables. */
export const randomHistory = (rules: number): fc.Arbitrary<string[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.array(setsOfLift, { minLength: 1, maxLength: 2 }).map((all) => `log ${all.join(', ')}`),
      },
      { weight: 3, arbitrary: fc.subarray(LIFTS).map((lifts) => ['finish', ...lifts].join(' ')) },
      { weight: 1, arbitrary: fc.constantFrom('week', 'cycle') },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.nat(rules - 1), lift).map(([index, name]) => `force rule${index} ${name}`),
      },
    ),
    { minLength: 1, maxLength: 30, size: 'max' },
  );
