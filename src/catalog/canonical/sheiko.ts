/** Sheiko: percentages of the tested one-rep max, which no rule changes. */
import { defineProgram } from './program.ts';

export const SHEIKO = [
  defineProgram({
    slug: 'sheiko',
    name: 'Sheiko',
    description:
      'Four-week blocks for powerlifters. Loads are shares of the tested one-rep max; no rule changes ' +
      'it, a new test does.',
    source: "Boris Sheiko's preparation plans; second-hand",
    weeksPerCycle: 4,
    sessionsPerWeek: 3,
    days: {
      monday: ['squat', 'bench-press'],
      wednesday: ['deadlift', 'bench-press'],
      friday: ['bench-press', 'squat'],
    },
    rules: [],
  }),
];
