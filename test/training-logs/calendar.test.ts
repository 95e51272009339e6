/** Sessions make weeks, weeks make cycles. */
import { expect, test } from 'vitest';
import { dayOf, placeOf } from '../../src/training-logs/calendar.ts';

test.each([
  [
    { sessionsPerWeek: 3, weeksPerCycle: 1 },
    ['1/1', '1/1', '1/1 week cycle', '1/2', '1/2', '1/2 week cycle'],
  ],
  [
    { sessionsPerWeek: 1, weeksPerCycle: 3 },
    ['1/1 week', '2/1 week', '3/1 week cycle', '1/2 week', '2/2 week'],
  ],
  [{ sessionsPerWeek: 2, weeksPerCycle: 2 }, ['1/1', '1/1 week', '2/1', '2/1 week cycle', '1/2', '1/2 week']],
])('%j: week/cycle of each session, and what it ends', (program, expected) => {
  const places = expected.map((_, index) => placeOf(index, program));

  expect(
    places.map(({ week, cycle, endsWeek, endsCycle }) =>
      [`${week}/${cycle}`, endsWeek && 'week', endsCycle && 'cycle'].filter(Boolean).join(' '),
    ),
  ).toEqual(expected);
});

const DAYS = [
  { slug: 'day-a', liftIds: ['squat', 'bench', 'row'] },
  { slug: 'day-b', liftIds: ['squat', 'press', 'deadlift'] },
];

test.each([
  [0, ['squat'], 'day-a'],
  [1, ['squat'], 'day-b'],
  [2, ['squat'], 'day-a'],
  [0, ['squat', 'deadlift'], 'day-b'],
  [1, ['row'], 'day-a'],
  [1, [], 'day-b'],
])('session %i with %j is %s', (index, liftIds, day) => {
  expect(dayOf(index, DAYS, liftIds)).toBe(day);
});

test('a program without days has sessions as well', () => {
  expect(dayOf(3, [], ['squat'])).toBe('session');
});
