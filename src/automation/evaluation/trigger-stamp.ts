/** Names of triggers in little room: a hundred of them go into a row that PostgreSQL stores in one piece. */

/** A version of a trigger of some account. */
export interface TriggerStamp {
  /** The last 16 hexadecimal digits of its id, which no two triggers of an account share. */
  readonly tail: string;
  readonly version: number;
}

const TAIL_DIGITS = 16;
const TAIL_BYTES = TAIL_DIGITS / 2;

export function tailOf(triggerId: string): string {
  return triggerId.replaceAll('-', '').slice(-TAIL_DIGITS);
}

/** Tails by version, one behind the other, in base64. */
export function packTriggers(stamps: readonly TriggerStamp[]): Record<string, string> {
  const byVersion = Map.groupBy(stamps, ({ version }) => version);
  return Object.fromEntries(
    [...byVersion].map(([version, ofVersion]) => {
      const tails = ofVersion.map(({ tail }) => tail).join('');
      return [version, Buffer.from(tails, 'hex').toString('base64')];
    }),
  );
}

export function unpackTriggers(packed: Readonly<Record<string, string>>): TriggerStamp[] {
  return Object.entries(packed).flatMap(([version, text]) => {
    const tails = Buffer.from(text, 'base64');
    return Array.from({ length: tails.length / TAIL_BYTES }, (_, index) => ({
      tail: tails.subarray(index * TAIL_BYTES, (index + 1) * TAIL_BYTES).toString('hex'),
      version: Number(version),
    }));
  });
}
