/** Decodes the bytes of a file: UTF-8, or UTF-16 with a byte order mark. */
import { TrainingLogError } from './training-log.ts';

const ENCODINGS = [
  { name: 'utf-16le', mark: [0xff, 0xfe] },
  { name: 'utf-16be', mark: [0xfe, 0xff] },
] as const;

/**
 * The text without its byte order mark. Throws TrainingLogError NOT_TEXT for bytes of other encodings: which one it
 * was cannot be told from them, and names would come out wrong.
 */
export function decodeText(bytes: Uint8Array): string {
  const encoding = ENCODINGS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte));
  const text = decode(bytes, encoding?.name ?? 'utf-8');
  if (text === undefined || text.includes('\0')) {
    throw new TrainingLogError(
      'NOT_TEXT',
      'the file is no text in UTF-8, nor in UTF-16 with a byte order mark; a spreadsheet saves such a file as "CSV UTF-8"',
    );
  }
  return text;
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) {
      return undefined;
    }
    throw error;
  }
}
