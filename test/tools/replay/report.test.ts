/** What a coach reads. */
import { Decimal } from 'decimal.js';
import { expect, test } from 'vitest';
import { instantFromText } from '../../../src/values/instant.ts';
import {
  athleteLine,
  copiesLines,
  eventLines,
  rowLines,
  sessionLines,
  summaryLines,
} from '../../../tools/replay/report.ts';
import type { SteeredSession } from '../../../tools/replay/steering.ts';

function session(day: string, prescribed: string | null, lifted: string, marks = ''): SteeredSession {
  return {
    at: instantFromText(`${day}T12:00:00Z`),
    session: 0,
    prescribed: prescribed === null ? null : new Decimal(prescribed),
    lifted: new Decimal(lifted),
    isMissed: marks.includes('!'),
    isDeloaded: marks.includes('v'),
  };
}

const SESSIONS = [
  session('2024-01-30', '100', '100'),
  session('2024-02-01', '105', '100', '!'),
  session('2024-02-03', '105', '107.5', '!v'),
  session('2024-02-05', null, '60'),
];

test('a lift’s sessions are listed by month, with prescribed and lifted weights', () => {
  expect(sessionLines('squat', SESSIONS)).toEqual([
    'squat',
    '  2024-01  30 100/100',
    '  2024-02  01 105/100!     03 105/107.5!v  05 -/60',
  ]);
});

test('the summary of a lift shows the differences between prescribed and lifted weights', () => {
  const lift = {
    ...{ liftId: 'id-1', start: new Decimal(100), current: new Decimal(95), sessions: SESSIONS },
    ...{ sets: 15, misses: 4, deloads: 1 },
  };
  const [header, row] = summaryLines([lift], new Map([['id-1', 'squat']]), new Map([['id-1', '95']]));

  expect(header?.split(/ {2,}/)).toHaveLength(11);
  expect(row?.split(/ +/)).toEqual(['squat', '4', '15', '4', '1', '100', '95', '60', '+0.8', '-2.5', '+5']);
});

test('rows that were not used are counted by reason and named by line', () => {
  const unused = [
    { line: 3, reason: 'NOT_IN_PROGRAM', detail: 'Plank' },
    { line: 4, reason: 'NOT_IN_PROGRAM', detail: 'Plank' },
    { line: 5, reason: 'BAD_DATE', detail: '"yesterday"' },
    { line: 9, reason: 'NOT_IN_PROGRAM', detail: 'Curl\u001b' },
  ] as const;

  expect(rowLines(10, unused, new Set([2, 6, 7, 8, 10, 11]))).toEqual([
    'rows: 10 read, 6 used, 4 not used',
    '  not a date: 1',
    '    "yesterday": 1, in line 5',
    '  not a lift of the program: 3',
    '    Plank: 2, in lines 3-4',
    '    Curl?: 1, in line 9',
  ]);
});

test('rows of several exercises can be used in part, and their lines are named once', () => {
  const unused = [3, 3, 4, 5].map((line) => ({ line, reason: 'NOT_IN_PROGRAM', detail: 'Dips' }) as const);

  expect(rowLines(3, unused, new Set([3, 4]))).toEqual([
    'rows: 3 read, 2 used (2 in part), 1 not used',
    '  not a lift of the program: 4',
    '    Dips: 4, in lines 3-5',
  ]);
});

test('an athlete is new, or known from an earlier replay', () => {
  expect(athleteLine('id-1', 0, 12)).toBe('athlete: id-1 (new)');
  expect(athleteLine(null, 0, 12)).toBe('athlete: (new)');
  expect(athleteLine('id-1', 12, 12)).toBe(
    'athlete: id-1 (known from an earlier replay of these 12 sessions)',
  );
  expect(athleteLine('id-1', 10, 12)).toBe(
    'athlete: id-1 (known from an earlier replay of the first 10 of 12 sessions)',
  );
});

test('a file with duplicate rows is reported', () => {
  const copy = { reason: 'COPY', detail: 'Squat' } as const;

  expect(copiesLines([{ line: 2, reason: 'BAD_DATE', detail: '""' }])).toEqual([]);
  expect(
    copiesLines([
      { ...copy, line: 8 },
      { ...copy, line: 9 },
      { ...copy, line: 9, detail: 'Bench' },
    ]),
  ).toEqual(['the file has 2 rows twice, as files joined from two copies do; each set counts once']);
});

test('it says that nothing changed only when all events were known', () => {
  const events = { applied: 0, skipped: 0, replayed: 7 };

  expect(eventLines({ events, setUp: { sent: 3, replayed: 3 } }).at(-1)).toBe(
    'nothing changed: all 7 events were known',
  );
  expect(eventLines({ events, setUp: { sent: 3, replayed: 2 } }).at(-1)).toMatch(/^events: 7 sent/);
  expect(eventLines({ events: { ...events, skipped: 1 }, setUp: { sent: 3, replayed: 3 } }).at(-1)).toBe(
    'events: 8 sent, 0 applied, 1 skipped (no rule applied), 7 replayed',
  );
});
