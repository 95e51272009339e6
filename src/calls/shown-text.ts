/**
 * How a refusal shows what was sent: quoted and shortened texts, names, steps of a field path, and the name
 * that was probably meant.
 */

const MOST_CHARACTERS = 40;

/** A text from a caller, in double quotes. */
export function shown(text: string): string {
  return JSON.stringify(cut(text)).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\u{fffd}');
}

/** The beginning of a text that is too long to be repeated. */
export function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** `A, B or C`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${last}` : last;
}

/** `["tag"]` */
export function mapStep(key: string): string {
  return `[${shown(key)}]`;
}

/** `.tag`, or as that of a map where the key is no plain name. */
export function jsonStep(key: string): string {
  return /^[\w-]{1,64}$/.test(key) ? `.${key}` : mapStep(key);
}

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
function distanceOf(a: string, b: string): number {
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
