/** The code blocks of a page: which shell commands it shows, and what it says that they print. */
import { readFileSync } from 'node:fs';

export interface ShellBlock {
  /** Of the block's first line. */
  readonly line: number;
  readonly script: string;
  /** The JSON block that follows before any other block; undefined: there is none. */
  readonly output: unknown;
}

/** The `sh` blocks of a page, in order. */
export function shellBlocksOf(path: string): ShellBlock[] {
  const text = readFileSync(path, 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
    language,
    code: `${code}`,
    line: text.slice(0, index).split('\n').length + 1,
  }));
  return blocks.flatMap(({ language, code, line }, position) => {
    const next = blocks[position + 1];
    return language === 'sh'
      ? [{ line, script: code, output: next?.language === 'json' ? JSON.parse(next.code) : undefined }]
      : [];
  });
}

/**
 * The first place where `actual` is not what a page says, with both values; null: it says so. A page may leave out
 * fields; `…` stands for any value and, as the last element of a list, for the rest of it.
 */
export function contradiction(documented: unknown, actual: unknown, path = '$'): string | null {
  if (documented === '…') {
    return actual === undefined ? `${path} is missing` : null;
  }
  if (Array.isArray(documented) && Array.isArray(actual)) {
    const isOpen = documented.at(-1) === '…';
    const elements = isOpen ? documented.slice(0, -1) : documented;
    if (isOpen ? actual.length < elements.length : actual.length !== elements.length) {
      return `${path} has ${actual.length} elements`;
    }
    return firstOf(
      elements.map((element, index) => contradiction(element, actual[index], `${path}[${index}]`)),
    );
  }
  if (isObject(documented) && isObject(actual)) {
    const entries = Object.entries(documented);
    return firstOf(entries.map(([key, value]) => contradiction(value, actual[key], `${path}.${key}`)));
  }
  return documented === actual
    ? null
    : `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(documented)}`;
}

function firstOf(contradictions: readonly (string | null)[]): string | null {
  return contradictions.find((found) => found !== null) ?? null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
