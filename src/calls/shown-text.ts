/** How a refusal shows what was sent: quoted and shortened texts, names, and steps of a field path. */

const MOST_CHARACTERS = 40;

/** A text from a caller, in double quotes. */
export function shown(text: string): string {
  return JSON.stringify(cut(text)).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\u{fffd}');
}

/** A value of JSON: scalars as they were sent, the kind of others. */
export function shownJson(value: unknown): string {
  if (typeof value === 'string') {
    return shown(value);
  }
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
  return String(value);
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
