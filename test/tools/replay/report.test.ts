/** What a coach reads. */
import { Decimal } from 'decimal.js';
import { expect, test } from 'vitest';
import { instantFromText } from '../../../src/values/instant.ts';
import { eventLines, rowLines, sessionLines, summaryLines } from '../../../tools/replay/report.ts';
import type { SteeredSession } from '../../../tools/replay/steering.ts';

function session(day: string, prescribed: string, lifted: string, marks = ''): SteeredSession {
  return {
    at: instantFromText(`${day}T12:00:00Z`),
    session: 0,
    prescribed: new Decimal(prescribed),
    lifted: new Decimal(lifted),
    isMissed: marks.includes('!'),
    isDeloaded: marks.includes('v'),
  };
}

const SESSIONS = [
  session('2024-01-30', '100', '100'),
  session('2024-02-01', '105', '100', '!'),
  session('2024-02-03', '105', '107.5', '!v'),
];

test('a lift’s sessions stand by month, prescribed beside lifted', () => {
  expect(sessionLines('squat', SESSIONS)).toEqual([
    'squat',
    '  2024-01  30 100/100',
    '  2024-02  01 105/100!     03 105/107.5!v',
  ]);
});

test('the sum of a lift shows how far the service was from what was lifted', () => {
  const lift = {
    ...{ liftId: 'id-1', start: new Decimal(100), current: new Decimal(95), sessions: SESSIONS },
    ...{ sets: 15, misses: 4, deloads: 1 },
  };
  const [header, row] = summaryLines([lift], new Map([['id-1', 'squat']]), new Map([['id-1', '95']]));

  expect(header?.split(/ {2,}/)).toHaveLength(11);
  expect(row?.split(/ +/)).toEqual([
    'squat',
    '3',
    '15',
    '4',
    '1',
    '100',
    '95',
    '107.5',
    '+0.8',
    '-2.5',
    '+5',
  ]);
});

test('rows that were not used are counted by reason and named by line', () => {
  const lines = rowLines(10, [
    { line: 3, reason: 'NOT_IN_PROGRAM', detail: 'Plank' },
    { line: 4, reason: 'NOT_IN_PROGRAM', detail: 'Plank' },
    { line: 5, reason: 'BAD_DATE', detail: '"yesterday"' },
    { line: 9, reason: 'NOT_IN_PROGRAM', detail: 'Curl\u001b' },
  ]);

  expect(lines).toEqual([
    'rows: 10 read, 6 used, 4 not used',
    '  not a date: 1',
    '    "yesterday": 1, in line 5',
    '  not a lift of the program: 3',
    '    Plank: 2, in lines 3-4',
    '    Curl?: 1, in line 9',
  ]);
});

test('only when everything was known does it say that nothing changed', () => {
  const events = { applied: 0, skipped: 0, replayed: 7 };

  expect(eventLines({ events, setUp: { sent: 3, replayed: 3 } }).at(-1)).toBe(
    'nothing changed: all 7 events were known',
  );
  expect(eventLines({ events, setUp: { sent: 3, replayed: 2 } }).at(-1)).toMatch(/^events: 7 sent/);
  expect(eventLines({ events: { ...events, skipped: 1 }, setUp: { sent: 3, replayed: 3 } }).at(-1)).toBe(
    'events: 8 sent, 0 applied, 1 skipped (no rule applied), 7 replayed',
  );
});
