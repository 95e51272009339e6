/** Hides who somebody is. */
import type { JsonValue } from '../filters/filter.ts';

/** `A•••` for a text, bullets for anything else; what is absent stays so. */
export function masked(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null) {
    return value;
  }
  return typeof value === 'string' ? maskedText(value) : BULLETS;
}

export function maskedText(text: string): string {
  const [first = ''] = text;
  return `${first}${BULLETS}`;
}

const BULLETS = '•••';
