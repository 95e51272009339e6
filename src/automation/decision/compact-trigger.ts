/**
 * Encodes trigger versions compactly, so that a hundred of them fit into a row that PostgreSQL does not split
 * (TOAST).
 */

/** A version of a trigger, named by the part of its id that is unique within the account. */
export interface CompactTrigger {
  /** The last 16 hexadecimal digits of the trigger's id; no two triggers of an account share them. */
  readonly idSuffix: string;
  readonly version: number;
  /** One bit per condition; see `Outcome.conditions`. */
  readonly conditions: string;
}

const SUFFIX_DIGITS = 16;
const SUFFIX_BYTES = SUFFIX_DIGITS / 2;

export function toIdSuffix(triggerId: string): string {
  return triggerId.replaceAll('-', '').slice(-SUFFIX_DIGITS);
}

/** Groups the id suffixes by version and conditions (`3` or `3:01`) and concatenates each group in base64. */
export function encodeCompactTriggers(compactTriggers: readonly CompactTrigger[]): Record<string, string> {
  const alike = Map.groupBy(compactTriggers, ({ version, conditions }) =>
    conditions === '' ? `${version}` : `${version}:${conditions}`,
  );
  return Object.fromEntries(
    [...alike].map(([key, ofKey]) => {
      const suffixes = ofKey.map(({ idSuffix }) => idSuffix).join('');
      return [key, Buffer.from(suffixes, 'hex').toString('base64')];
    }),
  );
}

export function decodeCompactTriggers(packed: Readonly<Record<string, string>>): CompactTrigger[] {
  return Object.entries(packed).flatMap(([key, text]) => {
    const [version, conditions = ''] = key.split(':');
    const suffixes = Buffer.from(text, 'base64');
    return Array.from({ length: suffixes.length / SUFFIX_BYTES }, (_, index) => ({
      idSuffix: suffixes.subarray(index * SUFFIX_BYTES, (index + 1) * SUFFIX_BYTES).toString('hex'),
      version: Number(version),
      conditions,
    }));
  });
}
