/** Names of triggers in little room: a hundred of them go into a row that PostgreSQL stores in one piece. */

/** A version of a trigger of some account. */
export interface CompactTrigger {
  /** The last 16 hexadecimal digits of its id, which no two triggers of an account share. */
  readonly idSuffix: string;
  readonly version: number;
  /** As in Outcome. */
  readonly conditions: string;
}

const SUFFIX_DIGITS = 16;
const SUFFIX_BYTES = SUFFIX_DIGITS / 2;

export function toIdSuffix(triggerId: string): string {
  return triggerId.replaceAll('-', '').slice(-SUFFIX_DIGITS);
}

/** Tails by version and conditions, as in `3` or `3:01`; one behind the other, in base64. */
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
