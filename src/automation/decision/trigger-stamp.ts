/** Names of triggers in little room: a hundred of them go into a row that PostgreSQL stores in one piece. */

/** A version of a trigger of some account. */
export interface TriggerStamp {
  /** The last 16 hexadecimal digits of its id, which no two triggers of an account share. */
  readonly tail: string;
  readonly version: number;
  /** As in Outcome. */
  readonly conditions: string;
}

const TAIL_DIGITS = 16;
const TAIL_BYTES = TAIL_DIGITS / 2;

export function tailOf(triggerId: string): string {
  return triggerId.replaceAll('-', '').slice(-TAIL_DIGITS);
}

/** Tails by version and conditions, as in `3` or `3:01`; one behind the other, in base64. */
export function packTriggers(stamps: readonly TriggerStamp[]): Record<string, string> {
  const alike = Map.groupBy(stamps, ({ version, conditions }) =>
    conditions === '' ? `${version}` : `${version}:${conditions}`,
  );
  return Object.fromEntries(
    [...alike].map(([key, ofKey]) => {
      const tails = ofKey.map(({ tail }) => tail).join('');
      return [key, Buffer.from(tails, 'hex').toString('base64')];
    }),
  );
}

export function unpackTriggers(packed: Readonly<Record<string, string>>): TriggerStamp[] {
  return Object.entries(packed).flatMap(([key, text]) => {
    const [version, conditions = ''] = key.split(':');
    const tails = Buffer.from(text, 'base64');
    return Array.from({ length: tails.length / TAIL_BYTES }, (_, index) => ({
      tail: tails.subarray(index * TAIL_BYTES, (index + 1) * TAIL_BYTES).toString('hex'),
      version: Number(version),
      conditions,
    }));
  });
}
