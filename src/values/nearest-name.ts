/** "Did you mean": the known name that a misspelt one is nearest to. */

/** A longer text is no misspelt name, and comparing it would take long. */
const LONGEST = 64;

/** A name, and the spellings by which it is found. */
export interface KnownName {
  readonly name: string;
  readonly spellings: readonly string[];
}

/** The one that takes the fewest changes, up to a third of the letters; else one that begins so; else undefined. */
export function nearestName(sent: string, known: readonly KnownName[]): string | undefined {
  if (sent.length > LONGEST) {
    return undefined;
  }
  const wanted = plain(sent);
  const isBeginning = ({ spellings }: KnownName) => spellings.some((each) => plain(each).startsWith(wanted));
  let nearest = wanted.length < 3 ? undefined : known.find(isBeginning)?.name;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const { name, spellings } of known) {
    for (const spelling of spellings) {
      const distance = distanceOf(wanted, plain(spelling));
      if (distance < least) {
        least = distance;
        nearest = name;
      }
    }
  }
  return nearest;
}

/** snake_case, camelCase and UPPER_CASE are one spelling. */
function plain(name: string): string {
  return name.replaceAll(/[_\s-]/g, '').toLowerCase();
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
export function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        Number(last[j]) + 1,
        Number(row[j - 1]) + 1,
        Number(last[j - 1]) + (isSame ? 0 : 1),
        isSwap ? Number(beforeLast[j - 2]) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = row;
  }
  return Number(last[b.length]);
}
