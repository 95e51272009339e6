/** Tables of text, with the lines where their rows begin. */
import { expect, test } from 'vitest';
import { readTable } from '../../src/training-logs/read-table.ts';

test.each([
  ['a,b;c,d\n1,2,3', ','],
  ['a;b;c\n1;2,5;3', ';'],
  ['a\tb\n1\t2,5', '\t'],
  ['"x, y, z";b\n1;2', ';'],
  ['a\n1;2', ','],
])('the header of %j has the delimiter %j', (text, delimiter) => {
  expect(readTable(text).delimiter).toBe(delimiter);
});

test('rows know their lines, behind fields of several lines and characters of several bytes', () => {
  const { columns, rows } = readTable('a,b\r\n\r\n"é\r\nß",1\r\n"x\ny\nz",2\r\n"",""\r\n3,4', 11);

  expect(columns).toEqual(['a', 'b']);
  expect(rows).toEqual([
    { line: 13, fields: ['é\r\nß', '1'] },
    { line: 15, fields: ['x\ny\nz', '2'] },
    { line: 19, fields: ['3', '4'] },
  ]);
});
