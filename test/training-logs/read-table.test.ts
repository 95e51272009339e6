/** Encodings of files, and tables of text with the lines at which their rows begin. */
import { expect, test } from 'vitest';
import { decodeText, readTable } from '../../src/training-logs/read-table.ts';
import { TrainingLogError } from '../../src/training-logs/training-log.ts';

const TEXT = 'Réps;Übung\n5;Жим';

function utf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

test.each([
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${TEXT}`)],
  ['UTF-16, little end first', Buffer.from(`\uFEFF${TEXT}`, 'utf16le')],
  ['UTF-16, big end first', utf16be(`\uFEFF${TEXT}`)],
])('%s is decoded, and the mark is not part of the text', (_, bytes) => {
  expect(decodeText(bytes)).toBe(TEXT);
});

test.each([
  ['an 8-bit encoding', Buffer.from('Réps', 'latin1')],
  ['UTF-16 without a byte order mark', Buffer.from(TEXT, 'utf16le')],
  ['UTF-16 that ends inside of a character', Buffer.from([0xff, 0xfe, 0x52])],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00])],
])('%s is refused, with the way to save the file', (_, bytes) => {
  const decode = () => decodeText(bytes);

  expect(decode).toThrow(TrainingLogError);
  expect(decode).toThrow(/a spreadsheet saves such a file as "CSV UTF-8"$/);
});

test.each([
  ['a,b;c,d\n1,2,3', ','],
  ['a;b;c\n1;2,5;3', ';'],
  ['a\tb\n1\t2,5', '\t'],
  ['"x, y, z";b\n1;2', ';'],
  ['a\n1;2', ','],
])('the header of %j has the delimiter %j', (text, delimiter) => {
  expect(readTable(text).delimiter).toBe(delimiter);
});

test('rows have their line numbers, also after fields of several lines and characters of several bytes', () => {
  const { columns, rows } = readTable('a,b\r\n\r\n"é\r\nß",1\r\n"x\ny\nz",2\r\n"",""\r\n3,4', 11);

  expect(columns).toEqual(['a', 'b']);
  expect(rows).toEqual([
    { line: 13, fields: ['é\r\nß', '1'] },
    { line: 15, fields: ['x\ny\nz', '2'] },
    { line: 19, fields: ['3', '4'] },
  ]);
});
