/** The steps of a field's path that a caller has named: keys of maps and of free JSON. */
import { shown } from './shown-text.ts';

/** `["tag"]` */
export function mapStep(key: string): string {
  return `[${shown(key)}]`;
}

/** `.tag`, or as that of a map where the key is no plain name. */
export function jsonStep(key: string): string {
  return /^[\w-]{1,64}$/.test(key) ? `.${key}` : mapStep(key);
}
