/** What a program prescribes is kept with the program, and refused where it cannot be lifted. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, test } from 'vitest';
import { MaxType, SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import type { SetGroupSchema } from '../../../src/gen/progression/v1/prescription_pb.ts';
import { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../../support/catalog-client.ts';
import { auditOf, createLifts, createProgram, present, revisionOf } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';

type Group = MessageInitShape<typeof SetGroupSchema>;

const db = useTestDatabase();
const { TRAINING_MAX } = MaxType;
const { WORK, AMRAP, SUPPLEMENTAL } = SetKind;

let client: CatalogClient;
let lifts: Record<'squat' | 'bench', string>;
beforeEach(async () => {
  client = createCatalogClient(db.database);
  lifts = await createLifts(client, 'squat', 'bench');
});

const ofMax = (percent: string): Group['load'] => ({
  case: 'ofMax',
  value: { maxType: TRAINING_MAX, percent },
});

/** One group of each kind of load. */
const GROUPS: Group[] = [
  { kind: WORK, sets: 2, reps: 5, load: ofMax('0.850') },
  { kind: AMRAP, sets: 1, reps: 5, load: ofMax('0.95'), weeks: [3, 1] },
  { kind: WORK, sets: 3, reps: 8, maxReps: 12, load: { case: 'weight', value: '20.0' } },
  {
    ...{ kind: SUPPLEMENTAL, sets: 5, reps: 10 },
    load: { case: 'offset', value: { group: 1, kind: { case: 'percent', value: '-0.1' } } },
  },
  {
    ...{ kind: SUPPLEMENTAL, sets: 1, reps: 3 },
    load: { case: 'offset', value: { group: 3, kind: { case: 'amount', value: '-2.5' } } },
  },
  { kind: WORK, load: { case: 'stage', value: { maxType: TRAINING_MAX, percent: '1' } } },
  { kind: WORK, sets: 1, reps: 1, load: { case: 'rpe', value: '8.5' } },
];

/** As they are read back: decimals without zeros that say nothing, weeks in order. */
const READ = GROUPS.map((group, index) => ({
  ...group,
  ...(index === 0 && { load: ofMax('0.85') }),
  ...(index === 1 && { weeks: [1, 3] }),
  ...(index === 2 && { load: { case: 'weight', value: '20' } }),
}));

async function createPrescribing(groups: Group[] = GROUPS) {
  return createProgram(client, {
    ...{ slug: 'wave', unit: WeightUnit.KILOGRAM, weeksPerCycle: 3, loadStep: '1.250' },
    liftIds: [lifts.squat, lifts.bench],
    days: [
      {
        slug: 'a',
        liftIds: [lifts.squat, lifts.bench],
        prescriptions: [
          { liftId: lifts.squat.toUpperCase(), groups, roundTo: '5' },
          { liftId: lifts.bench, groups: [{ kind: WORK, sets: 5, reps: 5, load: ofMax('1') }] },
          { liftId: lifts.squat, groups: [{ kind: SUPPLEMENTAL, sets: 5, reps: 10, load: ofMax('0.5') }] },
        ],
      },
      { slug: 'b', liftIds: [lifts.bench] },
    ],
  });
}

describe('prescriptions', () => {
  test('are answered by Create and Get, in order, with the program’s step', async () => {
    const created = await createPrescribing();
    const { program } = await client.programs.getProgram({ programId: created.id });

    expect(program).toEqual(created);
    expect(program?.loadStep).toBe('1.25');
    expect(program?.days[0]?.prescriptions).toMatchObject([
      { liftId: lifts.squat, roundTo: '5', groups: READ },
      { liftId: lifts.bench, roundTo: '' },
      { liftId: lifts.squat },
    ]);
    expect(program?.days[1]?.prescriptions).toEqual([]);
  });

  test('are copied, and are the copy’s own', async () => {
    const original = await createPrescribing();
    const from = { case: 'programId', value: original.id } as const;
    const { program: copy } = await client.programs.copyProgram({ from, slug: 'copy' });

    expect(copy?.days).toEqual(original.days);
    expect(copy?.loadStep).toBe('1.25');
    await client.programs.updateProgram({ programId: original.id, replaceDays: true, days: [] });
    const { program } = await client.programs.getProgram({ programId: `${copy?.id}` });
    expect(program?.days).toEqual(original.days);
  });

  test('are replaced with the days, as a new revision that the audit trail has', async () => {
    const { id } = await createPrescribing();
    const before = await revisionOf(db.database, client, id);
    const prescriptions = [
      { liftId: lifts.bench, groups: [{ kind: WORK, sets: 3, reps: 5, load: ofMax('1') }] },
    ];
    const days = [{ slug: 'a', liftIds: [lifts.bench], prescriptions }];

    const { program } = await client.programs.updateProgram({
      ...{ programId: id, replaceDays: true, days, loadStep: '2.5' },
    });

    expect(present(program).days).toMatchObject(days);
    expect(present(program).loadStep).toBe('2.5');
    expect(await revisionOf(db.database, client, id)).toBe(before + 1);
    const [update] = (await auditOf(db.database, client, id)).slice(-1);
    expect(JSON.stringify(update)).toContain('"loadStep":"2.5"');
  });

  test('stay when an update does not replace the days', async () => {
    const { id, days } = await createPrescribing();
    const { program } = await client.programs.updateProgram({ programId: id, name: 'Another name' });

    expect(program?.days).toEqual(days);
  });

  test('hold the weeks of the cycle that they are for', async () => {
    const { id } = await createPrescribing();

    await expectRefusal(
      client.programs.updateProgram({ programId: id, weeksPerCycle: 2 }),
      'VALIDATION_FAILED',
      ['weeks_per_cycle'],
    );
    await client.programs.updateProgram({ programId: id, weeksPerCycle: 4 });
  });
});

const base: Group = { kind: WORK, sets: 1, reps: 5, load: ofMax('1') };
const offset = (group: number, percent: string): Group => ({
  ...base,
  load: { case: 'offset', value: { group, kind: { case: 'percent', value: percent } } },
});

test.each<[string, Group[], string[]]>([
  ['no sets', [{ ...base, sets: 0 }], ['groups[0].sets']],
  ['no repetitions', [{ ...base, reps: 0 }], ['groups[0].reps']],
  ['101 sets', [{ ...base, sets: 101 }], ['groups[0].sets']],
  ['no kind', [{ ...base, kind: SetKind.UNSPECIFIED }], ['groups[0].kind']],
  ['no load', [{ ...base, load: { case: undefined } }], ['groups[0].load']],
  ['a range that ends where it begins', [{ ...base, maxReps: 5 }], ['groups[0].max_reps']],
  ['a range of an AMRAP set', [{ ...base, kind: AMRAP, maxReps: 8 }], ['groups[0].max_reps']],
  ['a share above 2', [{ ...base, load: ofMax('2.000001') }], ['groups[0].of_max.percent']],
  ['a share of 0', [{ ...base, load: ofMax('0') }], ['groups[0].of_max.percent']],
  ['a week that the cycle lacks', [{ ...base, weeks: [1, 4] }], ['groups[0].weeks']],
  ['week 0', [{ ...base, weeks: [0] }], ['groups[0].weeks[0]']],
  ['an offset from a group that is not there', [base, offset(3, '0.1')], ['groups[1].offset.group']],
  ['an offset from itself', [offset(1, '0.1')], ['groups[0].offset.group']],
  ['an offset of more than the whole', [base, offset(1, '-1.1')], ['groups[1].offset.percent']],
  [
    'an offset from a set by feel',
    [{ ...base, load: { case: 'rpe', value: '8' } }, offset(1, '0.1')],
    ['groups[1].offset.group'],
  ],
  [
    'repetitions beside those of the stage',
    [{ ...base, load: { case: 'stage', value: { maxType: TRAINING_MAX, percent: '3' } } }],
    ['groups[0].sets', 'groups[0].reps', 'groups[0].stage.percent'],
  ],
  [
    'several faults, all at once',
    [{ ...base, sets: 0, load: ofMax('3') }],
    ['groups[0].sets', 'groups[0].of_max.percent'],
  ],
])('a prescription with %s is refused with the paths', async (_, groups, fields) => {
  const paths = fields.map((field) => `days[0].prescriptions[0].${field}`);

  await expectRefusal(createPrescribing(groups), 'VALIDATION_FAILED', paths);
});

test('a prescription of a lift that the day does not have is refused, and so are steps of 0', async () => {
  const days = [
    {
      slug: 'a',
      liftIds: [lifts.squat],
      prescriptions: [{ liftId: lifts.bench, groups: [base], roundTo: '0' }],
    },
  ];
  const program = { slug: 'p', name: 'P', liftIds: [lifts.squat, lifts.bench] };

  await expectRefusal(client.programs.createProgram({ ...program, days }), 'VALIDATION_FAILED', [
    'days[0].prescriptions[0].lift_id',
    'days[0].prescriptions[0].round_to',
  ]);
  await expectRefusal(client.programs.createProgram({ ...program, loadStep: '0' }), 'VALIDATION_FAILED', [
    'load_step',
  ]);
});
