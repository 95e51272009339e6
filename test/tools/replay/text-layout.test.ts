/** Text for a terminal. */
import { expect, test } from 'vitest';
import { alignColumns, lineRanges, printable, wrapCells } from '../../../tools/replay/text-layout.ts';

test('columns are as wide as their widest cell, the first to the left', () => {
  expect(
    alignColumns([
      ['lift', 'sets'],
      ['squat', '5'],
      ['row', '12345'],
    ]),
  ).toEqual(['lift    sets', 'squat      5', 'row    12345']);
});

test('cells that do not fit are on the next line, and a separator is between any two', () => {
  const cells = Array.from({ length: 30 }, (_, index) => `cell-${index}`);
  const lines = wrapCells('label: ', cells, { separator: ', ', indent: 4 });

  expect(lines.length).toBeGreaterThan(1);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  expect(lines.slice(1).every((line) => /^ {4}cell/.test(line))).toBe(true);
  expect(lines.map((line) => line.trim()).join(' ')).toBe(`label: ${cells.join(', ')}`);
});

test('a cell longer than a line has a line of its own', () => {
  const long = 'x'.repeat(200);

  expect(wrapCells('a: ', [long, 'b'], { separator: ', ', indent: 2 })).toEqual([`a: ${long},`, '  b']);
});

test.each([
  [[3], ['line 3']],
  [[3, 4, 5], ['lines 3-5']],
  [
    [3, 5, 6, 9],
    ['lines 3', '5-6', '9'],
  ],
])('lines %j are %j', (lines, ranges) => {
  expect(lineRanges(lines)).toEqual(ranges);
});

test('control characters are not printed', () => {
  expect(printable('a\u001b[2Jb\r\nc\u009bd\u202ee\u2028f Жим 押')).toBe('a?[2Jb??c?d?e?f Жим 押');
});
