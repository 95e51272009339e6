/**
 * Well-known programs, played for three cycles from their prescriptions alone, with scripted misses. The loads were worked
 * out by hand from what docs/programs.md says.
 */
import { expect, test } from 'vitest';
import { CATALOG_PROGRAMS } from '../../../src/catalog/canonical/catalog.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { createCatalogClient } from '../../support/catalog-client.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { foresee, playThrough, type Script } from './play-through.ts';

const db = useTestDatabase();

const TABLES: Record<string, [script: Omit<Script, 'slug'>, lines: string[]]> = {
  // Three missed bench presses in a row: 47.5 - 10 % = 42.75, to 42.5.
  'stronglifts-5x5-kg': [
    {
      maxes: {
        squat: '60',
        'bench-press': '45',
        'barbell-row': '40',
        'overhead-press': '30',
        deadlift: '80',
      },
      cycles: 3,
      reps: { '3 bench-press': 4, '5 bench-press': 4, '7 bench-press': 3 },
    },
    [
      '1 day-a: squat 5x5@60, bench-press 5x5@45, barbell-row 5x5@40',
      '2 day-b: squat 5x5@62.5, overhead-press 5x5@30, deadlift 1x5@80',
      '3 day-a: squat 5x5@65, bench-press 5x5@47.5, barbell-row 5x5@42.5',
      '4 day-b: squat 5x5@67.5, overhead-press 5x5@32.5, deadlift 1x5@85',
      '5 day-a: squat 5x5@70, bench-press 5x5@47.5, barbell-row 5x5@45',
      '6 day-b: squat 5x5@72.5, overhead-press 5x5@35, deadlift 1x5@90',
      '7 day-a: squat 5x5@75, bench-press 5x5@47.5, barbell-row 5x5@47.5',
      '8 day-b: squat 5x5@77.5, overhead-press 5x5@37.5, deadlift 1x5@95',
      '9 day-a: squat 5x5@80, bench-press 5x5@42.5, barbell-row 5x5@50',
    ],
  ],
  // Two missed bench presses in a row: 60 - 10 % = 54, to 53.75.
  'starting-strength-kg': [
    {
      maxes: { squat: '100', 'overhead-press': '40', 'bench-press': '60', deadlift: '120' },
      cycles: 3,
      reps: { '2 bench-press': 4, '4 bench-press': 4 },
    },
    [
      '1 day-a: squat 3x5@100, overhead-press 3x5@40, deadlift 1x5@120',
      '2 day-b: squat 3x5@102.5, bench-press 3x5@60, deadlift 1x5@122.5',
      '3 day-a: squat 3x5@105, overhead-press 3x5@41.25, deadlift 1x5@125',
      '4 day-b: squat 3x5@107.5, bench-press 3x5@60, deadlift 1x5@127.5',
      '5 day-a: squat 3x5@110, overhead-press 3x5@42.5, deadlift 1x5@130',
      '6 day-b: squat 3x5@112.5, bench-press 3x5@53.75, deadlift 1x5@132.5',
      '7 day-a: squat 3x5@115, overhead-press 3x5@43.75, deadlift 1x5@135',
      '8 day-b: squat 3x5@117.5, bench-press 3x5@55, deadlift 1x5@137.5',
      '9 day-a: squat 3x5@120, overhead-press 3x5@45, deadlift 1x5@140',
    ],
  ],
  // Training maxes of the squat: 140, 145 and, after a missed single, 145 again; of the press: 60, 62.5, 65.
  'wendler-531-bbb-kg': [
    {
      maxes: { squat: '140', 'overhead-press': '60', 'bench-press': '100', deadlift: '180' },
      cycles: 3,
      reps: { '1 overhead-press': 9, '28 squat': 0 },
      only: ['squat', 'overhead-press'],
    },
    [
      '1 press: overhead-press 1x5@40 1x5@45 1x5+@50 s5x10@30',
      '4 squat: squat 1x5@90 1x5@105 1x5+@120 s5x10@70',
      '5 press: overhead-press 1x3@42.5 1x3@47.5 1x3+@55 s5x10@30',
      '8 squat: squat 1x3@97.5 1x3@112.5 1x3+@125 s5x10@70',
      '9 press: overhead-press 1x5@45 1x3@50 1x1+@57.5 s5x10@30',
      '12 squat: squat 1x5@105 1x3@120 1x1+@132.5 s5x10@70',
      '13 press: overhead-press 1x5@25 1x5@30 1x5@35',
      '16 squat: squat 1x5@55 1x5@70 1x5@85',
      '17 press: overhead-press 1x5@40 1x5@47.5 1x5+@52.5 s5x10@32.5',
      '20 squat: squat 1x5@95 1x5@110 1x5+@122.5 s5x10@72.5',
      '21 press: overhead-press 1x3@45 1x3@50 1x3+@57.5 s5x10@32.5',
      '24 squat: squat 1x3@102.5 1x3@115 1x3+@130 s5x10@72.5',
      '25 press: overhead-press 1x5@47.5 1x3@52.5 1x1+@60 s5x10@32.5',
      '28 squat: squat 1x5@110 1x3@122.5 1x1+@137.5 s5x10@72.5',
      '29 press: overhead-press 1x5@25 1x5@32.5 1x5@37.5',
      '32 squat: squat 1x5@57.5 1x5@72.5 1x5@87.5',
      '33 press: overhead-press 1x5@42.5 1x5@50 1x5+@55 s5x10@32.5',
      '36 squat: squat 1x5@95 1x5@110 1x5+@122.5 s5x10@72.5',
      '37 press: overhead-press 1x3@45 1x3@52.5 1x3+@57.5 s5x10@32.5',
      '40 squat: squat 1x3@102.5 1x3@115 1x3+@130 s5x10@72.5',
      '41 press: overhead-press 1x5@50 1x3@55 1x1+@62.5 s5x10@32.5',
      '44 squat: squat 1x5@110 1x3@122.5 1x1+@137.5 s5x10@72.5',
      '45 press: overhead-press 1x5@25 1x5@32.5 1x5@40',
      '48 squat: squat 1x5@57.5 1x5@72.5 1x5@87.5',
    ],
  ],
  // In session 5 the squat has 14 of 15 repetitions, the bench press 29 of 30; the pulldown has 25 in session 3.
  'gzclp-kg': [
    {
      maxes: {
        ...{ 'squat-t1': '100', 'bench-press-t1': '70', 'overhead-press-t1': '40', 'deadlift-t1': '120' },
        ...{ 'squat-t2': '70', 'bench-press-t2': '50', 'overhead-press-t2': '30', 'deadlift-t2': '80' },
        ...{ 'lat-pulldown-t3': '40', 'dumbbell-row-t3': '20' },
      },
      cycles: 4,
      reps: { '1 squat-t1': 7, '3 lat-pulldown-t3': 25, '5 squat-t1': 2, '5 bench-press-t2': 9 },
    },
    [
      '1 a1: squat-t1 4x3@100 1x3+@100, bench-press-t2 3x10@50, lat-pulldown-t3 2x15@40 1x15+@40',
      '2 b1: overhead-press-t1 4x3@40 1x3+@40, deadlift-t2 3x10@80, dumbbell-row-t3 2x15@20 1x15+@20',
      '3 a2: bench-press-t1 4x3@70 1x3+@70, squat-t2 3x10@70, lat-pulldown-t3 2x15@40 1x15+@40',
      '4 b2: deadlift-t1 4x3@120 1x3+@120, overhead-press-t2 3x10@30, dumbbell-row-t3 2x15@20 1x15+@20',
      '5 a1: squat-t1 4x3@105 1x3+@105, bench-press-t2 3x10@52.5, lat-pulldown-t3 2x15@45 1x15+@45',
      '6 b1: overhead-press-t1 4x3@42.5 1x3+@42.5, deadlift-t2 3x10@85, dumbbell-row-t3 2x15@20 1x15+@20',
      '7 a2: bench-press-t1 4x3@72.5 1x3+@72.5, squat-t2 3x10@75, lat-pulldown-t3 2x15@45 1x15+@45',
      '8 b2: deadlift-t1 4x3@125 1x3+@125, overhead-press-t2 3x10@32.5, dumbbell-row-t3 2x15@20 1x15+@20',
      '9 a1: squat-t1 5x2@105 1x2+@105, bench-press-t2 3x8@52.5, lat-pulldown-t3 2x15@45 1x15+@45',
      '10 b1: overhead-press-t1 4x3@45 1x3+@45, deadlift-t2 3x10@90, dumbbell-row-t3 2x15@20 1x15+@20',
      '11 a2: bench-press-t1 4x3@75 1x3+@75, squat-t2 3x10@80, lat-pulldown-t3 2x15@45 1x15+@45',
      '12 b2: deadlift-t1 4x3@130 1x3+@130, overhead-press-t2 3x10@35, dumbbell-row-t3 2x15@20 1x15+@20',
    ],
  ],
  // Training maxes of the bench press: 100, 102.5, 107.5; of the squat: 140, 147.5 and 147.5.
  'nsuns-531-lp-kg': [
    {
      maxes: { squat: '140', 'bench-press': '100', 'overhead-press': '60', deadlift: '180' },
      cycles: 3,
      reps: { '1 bench-press': 3, '2 squat': 6, '5 bench-press': 5 },
      only: ['squat', 'bench-press'],
    },
    [
      '1 bench: bench-press 1x5@75 1x3@85 1x1+@95 s1x3@90 s1x3@85 s1x3@80 s1x5@75 s1x5@70 s1x5@65',
      '2 squat: squat 1x5@105 1x3@120 1x1+@132.5 s1x3@125 s1x3@120 s1x3@112.5 s1x5@105 s1x5@97.5 s1x5@90',
      '5 bench: bench-press 1x5@77.5 1x3@87.5 1x1+@97.5 s1x3@92.5 s1x3@87.5 s1x3@82.5 s1x5@77.5 s1x5@72.5 s1x5@67.5',
      '6 squat: squat 1x5@110 1x3@125 1x1+@140 s1x3@132.5 s1x3@125 s1x3@117.5 s1x5@110 s1x5@102.5 s1x5@95',
      '9 bench: bench-press 1x5@80 1x3@92.5 1x1+@102.5 s1x3@97.5 s1x3@92.5 s1x3@85 s1x5@80 s1x5@75 s1x5@70',
      '10 squat: squat 1x5@110 1x3@125 1x1+@140 s1x3@132.5 s1x3@125 s1x3@117.5 s1x5@110 s1x5@102.5 s1x5@95',
    ],
  ],
  // The squat misses a repetition on the intensity day of week 2, and holds.
  'texas-method-kg': [
    {
      maxes: {
        squat: '120',
        'bench-press': '80',
        deadlift: '150',
        'overhead-press': '50',
        'power-clean': '60',
      },
      cycles: 3,
      reps: { '6 squat': 4 },
    },
    [
      '1 volume: squat s5x5@107.5, bench-press s5x5@72.5, deadlift 1x5@150',
      '2 recovery: squat s2x5@87.5, overhead-press 3x5@50',
      '3 intensity: squat 1x5@120, bench-press 1x5@80, power-clean 5x3@60',
      '4 volume: squat s5x5@110, bench-press s5x5@73.75, deadlift 1x5@152.5',
      '5 recovery: squat s2x5@87.5, overhead-press 3x5@51.25',
      '6 intensity: squat 1x5@122.5, bench-press 1x5@81.25, power-clean 5x3@61.25',
      '7 volume: squat s5x5@110, bench-press s5x5@73.75, deadlift 1x5@155',
      '8 recovery: squat s2x5@87.5, overhead-press 3x5@52.5',
      '9 intensity: squat 1x5@122.5, bench-press 1x5@82.5, power-clean 5x3@62.5',
    ],
  ],
  // Top sets of the squat: 100, 102.5, 105; of the bench press: 80, 82.5 and, after a missed triple, 82.5.
  'madcow-5x5-kg': [
    {
      maxes: {
        squat: '100',
        'bench-press': '80',
        'barbell-row': '70',
        'incline-bench-press': '60',
        deadlift: '120',
      },
      cycles: 3,
      reps: { '6 bench-press': 2 },
      only: ['squat', 'bench-press'],
    },
    [
      '1 monday: squat w1x5@50 w1x5@62.5 w1x5@75 w1x5@87.5 1x5@100, ' +
        'bench-press w1x5@40 w1x5@50 w1x5@60 w1x5@70 1x5@80',
      '2 wednesday: squat s1x5@50 s1x5@62.5 s2x5@75',
      '3 friday: squat w1x5@50 w1x5@62.5 w1x5@75 w1x5@87.5 1x3@102.5 s1x8@75, ' +
        'bench-press w1x5@40 w1x5@50 w1x5@60 w1x5@70 1x3@82.5 s1x8@60',
      '4 monday: squat w1x5@52.5 w1x5@65 w1x5@77.5 w1x5@90 1x5@102.5, ' +
        'bench-press w1x5@42.5 w1x5@52.5 w1x5@62.5 w1x5@72.5 1x5@82.5',
      '5 wednesday: squat s1x5@52.5 s1x5@65 s2x5@77.5',
      '6 friday: squat w1x5@52.5 w1x5@65 w1x5@77.5 w1x5@90 1x3@105 s1x8@77.5, ' +
        'bench-press w1x5@42.5 w1x5@52.5 w1x5@62.5 w1x5@72.5 1x3@85 s1x8@62.5',
      '7 monday: squat w1x5@52.5 w1x5@65 w1x5@80 w1x5@92.5 1x5@105, ' +
        'bench-press w1x5@42.5 w1x5@52.5 w1x5@62.5 w1x5@72.5 1x5@82.5',
      '8 wednesday: squat s1x5@52.5 s1x5@65 s2x5@80',
      '9 friday: squat w1x5@52.5 w1x5@65 w1x5@80 w1x5@92.5 1x3@107.5 s1x8@80, ' +
        'bench-press w1x5@42.5 w1x5@52.5 w1x5@62.5 w1x5@72.5 1x3@85 s1x8@62.5',
    ],
  ],
  // Ten squats in session 1 earn twice the increment; four presses in session 3 cost 10 %: 38.25, to 37.5.
  'greyskull-lp-kg': [
    {
      maxes: { squat: '80', 'overhead-press': '40', 'bench-press': '60', deadlift: '100' },
      cycles: 3,
      reps: { '1 squat': 10, '3 overhead-press': 4 },
    },
    [
      '1 week-1-day-1: overhead-press 2x5@40 1x5+@40, squat 2x5@80 1x5+@80',
      '2 week-1-day-2: bench-press 2x5@60 1x5+@60, deadlift 1x5+@100',
      '3 week-1-day-3: overhead-press 2x5@42.5 1x5+@42.5, squat 2x5@85 1x5+@85',
      '4 week-2-day-1: bench-press 2x5@62.5 1x5+@62.5, squat 2x5@87.5 1x5+@87.5',
      '5 week-2-day-2: overhead-press 2x5@37.5 1x5+@37.5, deadlift 1x5+@105',
      '6 week-2-day-3: bench-press 2x5@65 1x5+@65, squat 2x5@90 1x5+@90',
      '7 week-1-day-1: overhead-press 2x5@40 1x5+@40, squat 2x5@92.5 1x5+@92.5',
      '8 week-1-day-2: bench-press 2x5@67.5 1x5+@67.5, deadlift 1x5+@110',
      '9 week-1-day-3: overhead-press 2x5@42.5 1x5+@42.5, squat 2x5@95 1x5+@95',
    ],
  ],
  // Eight repetitions of the AMRAP set on the bench add 5 kg, six on the press 2.5 kg.
  'nuckols-high-frequency-amrap-kg': [
    {
      maxes: { squat: '200', 'bench-press': '100', 'overhead-press': '60', deadlift: '200' },
      cycles: 2,
      reps: { '16 bench-press': 8, '17 overhead-press': 6 },
      only: ['bench-press', 'overhead-press'],
    },
    [
      '1 monday: bench-press 4x3@75',
      '2 tuesday: bench-press 3x2@80',
      '3 wednesday: bench-press 4x4@70',
      '4 thursday: bench-press 3x1@85',
      '5 friday: overhead-press 3x1@50',
      '6 saturday: bench-press 5x5@65',
      '7 monday: bench-press 5x3@75',
      '8 tuesday: bench-press 4x2@80',
      '9 wednesday: bench-press 5x4@70',
      '10 thursday: bench-press 4x1@85',
      '11 friday: overhead-press 4x1@50',
      '12 saturday: bench-press 6x5@65',
      '13 monday: bench-press 5x4@75',
      '14 tuesday: bench-press 4x3@80',
      '15 wednesday: bench-press 5x5@70',
      '16 thursday: bench-press 1x1+@85',
      '17 friday: overhead-press 1x1+@50',
      '18 saturday: bench-press 6x6@67.5',
      '19 monday: bench-press 4x3@80',
      '20 tuesday: bench-press 3x2@85',
      '21 wednesday: bench-press 4x4@72.5',
      '22 thursday: bench-press 3x1@90',
      '23 friday: overhead-press 3x1@52.5',
      '24 saturday: bench-press 5x5@67.5',
      '25 monday: bench-press 5x3@80',
      '26 tuesday: bench-press 4x2@85',
      '27 wednesday: bench-press 5x4@72.5',
      '28 thursday: bench-press 4x1@90',
      '29 friday: overhead-press 4x1@52.5',
      '30 saturday: bench-press 6x5@67.5',
      '31 monday: bench-press 5x4@80',
      '32 tuesday: bench-press 4x3@85',
      '33 wednesday: bench-press 5x5@72.5',
      '34 thursday: bench-press 1x1+@90',
      '35 friday: overhead-press 1x1+@52.5',
      '36 saturday: bench-press 6x6@67.5',
    ],
  ],
  // The bar on the squat is twice the percentage, on the bench press the percentage itself.
  sheiko: [
    { maxes: { squat: '200', 'bench-press': '100', deadlift: '200' }, maxType: MaxType.ONE_RM, cycles: 1 },
    [
      '1 monday: bench-press 1x5@50 2x4@60 2x3@70 5x3@75, squat 1x5@100 2x5@120 5x5@140, ' +
        'bench-press 1x5@50 1x5@60 4x4@70',
      '2 wednesday: deadlift 1x3@100 2x3@120 2x3@140 4x3@150 1x4@110 1x4@130 2x4@150 4x3@170',
      '3 friday: bench-press 1x5@50 1x5@60 1x4@70 2x3@75 2x2@80 2x3@75 1x4@70 1x6@60 1x8@50, ' +
        'squat 1x5@100 2x4@120 2x3@140 5x3@150',
      '4 monday: squat 1x5@100 1x4@120 2x3@140 5x2@160, bench-press 1x5@50 1x4@60 2x3@70 5x3@80',
      '5 wednesday: deadlift 1x3@100 1x3@120 2x3@140 4x2@150, bench-press 1x6@50 2x6@60 4x6@65, ' +
        'deadlift 1x4@110 1x4@130 2x4@150 4x4@160',
      '6 friday: squat 1x5@100 1x4@120 2x3@140 5x2@160, ' +
        'bench-press 1x5@50 1x4@60 2x3@70 2x2@80 1x3@75 1x5@65 1x7@55, squat 1x5@100 2x5@120 4x4@140',
      '7 monday: squat 1x5@110 1x4@130 2x3@150 4x2@170, bench-press 1x5@50 1x4@60 2x3@70 6x3@80, ' +
        'squat 1x3@100 1x3@120 1x3@140 4x3@160',
      '8 wednesday: deadlift 2x3@100 2x3@120 4x3@130, ' +
        'bench-press 1x5@50 1x4@60 2x3@70 3x2@80 2x2@85 2x3@80, deadlift 1x4@120 2x4@140 2x3@160 3x2@180',
      '9 friday: squat 1x5@100 1x4@120 2x3@140 6x3@160, bench-press 1x5@50 1x4@60 2x3@70 7x3@80',
      '10 monday: squat 1x5@100 1x4@120 2x3@140 5x3@160, bench-press 1x5@55 1x5@65 5x4@75',
      '11 wednesday: bench-press 1x5@50 1x4@60 2x3@70 2x3@80 3x2@85, ' +
        'deadlift 1x3@100 1x3@120 2x3@140 2x3@160 3x2@170 3x2@160, bench-press 1x5@50 1x5@60 4x5@70',
      '12 friday: squat 1x5@100 1x4@120 2x3@140 6x3@160, ' +
        'bench-press 1x6@50 1x5@60 2x4@70 2x3@80 2x2@85 2x3@80 1x4@70 1x6@60 1x8@50',
    ],
  ],
};

test.each(Object.entries(TABLES))(
  '%s, played from its prescriptions, has the loads of the table',
  { timeout: 60_000 },
  async (slug, [script, lines]) => {
    expect(await playThrough(db.database, { slug, ...script })).toEqual(lines);
  },
);

test('the cycles of Sheiko are alike, since no rule changes its maxes', { timeout: 60_000 }, async () => {
  const [script, lines] = TABLES.sheiko ?? [];
  const played = await playThrough(db.database, { slug: 'sheiko', maxes: {}, ...script, cycles: 3 });
  const withoutNumbers = (all: readonly string[] = []) => all.map((line) => line.replace(/^\d+ /, ''));
  expect(withoutNumbers(played)).toEqual(
    withoutNumbers([...(lines ?? []), ...(lines ?? []), ...(lines ?? [])]),
  );
});

test.each([
  // Every target met, as in the first three sessions of the table and for lifts without a miss.
  ['stronglifts-5x5-kg', { weeks: 3 }, ['squat', 'barbell-row', 'overhead-press', 'deadlift']],
  ['starting-strength-kg', { weeks: 3 }, ['squat', 'overhead-press', 'deadlift']],
  ['wendler-531-bbb-kg', { weeks: 12 }, ['overhead-press']],
  ['texas-method-kg', { weeks: 3 }, ['bench-press', 'deadlift', 'overhead-press', 'power-clean']],
  ['madcow-5x5-kg', { weeks: 3 }, ['squat']],
])('PrescribeWeeks foresees what %s then prescribes', async (slug, ahead, only) => {
  const [{ maxes }] = TABLES[slug] ?? [{ maxes: {} }];
  const played = await playThrough(db.database, {
    slug,
    maxes,
    only,
    cycles: slug.startsWith('wendler') ? 3 : ahead.weeks,
  });

  expect(await foresee(db.database, { slug, maxes, only }, ahead)).toEqual(played);
});

test('PrescribeWeeks supposes misses and AMRAP repetitions as SimulateProgressions does', async () => {
  const squat = { slug: 'stronglifts-5x5-kg', maxes: { squat: '60' }, only: ['squat'] };
  const missed = await foresee(db.database, squat, { weeks: 1, missedSessions: [1] });
  expect(missed).toEqual(['1 day-a: squat 5x5@60', '2 day-b: squat 5x5@60', '3 day-a: squat 5x5@62.5']);

  const press = { slug: 'greyskull-lp-kg', maxes: { 'overhead-press': '40' }, only: ['overhead-press'] };
  expect(await foresee(db.database, press, { weeks: 2, amrapReps: 10 })).toEqual([
    '1 week-1-day-1: overhead-press 2x5@40 1x5+@40',
    '3 week-1-day-3: overhead-press 2x5@45 1x5+@45',
    '5 week-2-day-2: overhead-press 2x5@50 1x5+@50',
  ]);
});

test.each(CATALOG_PROGRAMS.map(({ slug }) => slug))(
  'what %s prescribes is what a coach could have written',
  async (slug) => {
    const { programs } = createCatalogClient(db.database);
    const { program } = await programs.copyProgram({ from: { case: 'catalogSlug', value: slug } });
    const { programId, days } = { programId: `${program?.id}`, days: program?.days };

    const { program: written } = await programs.updateProgram({ programId, replaceDays: true, days });

    expect(written?.days).toEqual(days);
  },
);
