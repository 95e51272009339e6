/** The encodings that spreadsheets save in. */
import { expect, test } from 'vitest';
import { decodeText } from '../../src/training-logs/decode-text.ts';
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
])('%s is decoded, and the mark is no part of the text', (_, bytes) => {
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
