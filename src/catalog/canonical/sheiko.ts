/** Sheiko: percentages of the tested one-rep max, which no rule changes. */
import { prescribe, sets } from './prescriptions.ts';
import { defineProgram } from './program.ts';

/** Sets of one week, at shares of the tested one-rep max. */
const block = (week: number, text: string) => sets(text, { maxType: 'ONE_RM', weeks: [week] });

export const SHEIKO = [
  defineProgram({
    slug: 'sheiko',
    name: 'Sheiko',
    description:
      'A four-week block for powerlifters, the preparation block #29. Loads are shares of the tested one-rep max; no rule changes ' +
      'it, a new test does.',
    source: "Boris Sheiko's preparation plans; second-hand",
    weeksPerCycle: 4,
    sessionsPerWeek: 3,
    days: {
      monday: ['squat', 'bench-press'],
      wednesday: ['deadlift', 'bench-press'],
      friday: ['bench-press', 'squat'],
    },
    prescriptions: {
      monday: [
        prescribe('bench-press', block(1, '1x5@50 2x4@60 2x3@70 5x3@75')),
        prescribe('squat', [
          ...block(1, '1x5@50 2x5@60 5x5@70'),
          ...block(2, '1x5@50 1x4@60 2x3@70 5x2@80'),
          ...block(3, '1x5@55 1x4@65 2x3@75 4x2@85'),
          ...block(4, '1x5@50 1x4@60 2x3@70 5x3@80'),
        ]),
        prescribe('bench-press', [
          ...block(1, '1x5@50 1x5@60 4x4@70'),
          ...block(2, '1x5@50 1x4@60 2x3@70 5x3@80'),
          ...block(3, '1x5@50 1x4@60 2x3@70 6x3@80'),
          ...block(4, '1x5@55 1x5@65 5x4@75'),
        ]),
        prescribe('squat', block(3, '1x3@50 1x3@60 1x3@70 4x3@80')),
      ],
      wednesday: [
        prescribe('deadlift', [
          ...block(1, '1x3@50 2x3@60 2x3@70 4x3@75'),
          ...block(2, '1x3@50 1x3@60 2x3@70 4x2@75'),
          ...block(3, '2x3@50 2x3@60 4x3@65'),
        ]),
        prescribe('bench-press', [
          ...block(2, '1x6@50 2x6@60 4x6@65'),
          ...block(3, '1x5@50 1x4@60 2x3@70 3x2@80 2x2@85 2x3@80'),
          ...block(4, '1x5@50 1x4@60 2x3@70 2x3@80 3x2@85'),
        ]),
        prescribe('deadlift', [
          ...block(1, '1x4@55 1x4@65 2x4@75 4x3@85'),
          ...block(2, '1x4@55 1x4@65 2x4@75 4x4@80'),
          ...block(3, '1x4@60 2x4@70 2x3@80 3x2@90'),
          ...block(4, '1x3@50 1x3@60 2x3@70 2x3@80 3x2@85 3x2@80'),
        ]),
        prescribe('bench-press', block(4, '1x5@50 1x5@60 4x5@70')),
      ],
      friday: [
        prescribe('bench-press', block(1, '1x5@50 1x5@60 1x4@70 2x3@75 2x2@80 2x3@75 1x4@70 1x6@60 1x8@50')),
        prescribe('squat', [
          ...block(1, '1x5@50 2x4@60 2x3@70 5x3@75'),
          ...block(2, '1x5@50 1x4@60 2x3@70 5x2@80'),
          ...block(3, '1x5@50 1x4@60 2x3@70 6x3@80'),
          ...block(4, '1x5@50 1x4@60 2x3@70 6x3@80'),
        ]),
        prescribe('bench-press', [
          ...block(2, '1x5@50 1x4@60 2x3@70 2x2@80 1x3@75 1x5@65 1x7@55'),
          ...block(3, '1x5@50 1x4@60 2x3@70 7x3@80'),
          ...block(4, '1x6@50 1x5@60 2x4@70 2x3@80 2x2@85 2x3@80 1x4@70 1x6@60 1x8@50'),
        ]),
        prescribe('squat', block(2, '1x5@50 2x5@60 4x4@70')),
      ],
    },
    loadStep: '2.5',
    rules: [],
  }),
];
