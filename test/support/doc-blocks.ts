/** The code blocks of a page: its shell commands, and their documented output. */
import { globSync, readFileSync } from 'node:fs';

/** In the order in which their blocks run: the README leads to the training day, with the demo account as it was made. */
export function docPages(root: string): string[] {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).toSorted();
  return [...new Set(['README.md', 'docs/training-day.md', ...pages])];
}

export interface ShellBlock {
  /** Of the block's first line. */
  readonly line: number;
  readonly script: string;
  /** The block that follows, when it is one of JSON or text. */
  readonly output: { readonly language: 'json' | 'text'; readonly code: string } | null;
}

/** The `sh` blocks of a page, in order. */
export function shellBlocksOf(path: string): ShellBlock[] {
  const text = readFileSync(path, 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
    language,
    code: `${code}`,
    line: text.slice(0, index).split('\n').length + 1,
  }));
  return blocks.flatMap(({ language, code, line }, position) =>
    language === 'sh' ? [{ line, script: code, output: outputIn(blocks[position + 1]) }] : [],
  );
}

function outputIn(block: { language?: string; code: string } | undefined): ShellBlock['output'] {
  const language = block?.language;
  return block && (language === 'json' || language === 'text') ? { language, code: block.code } : null;
}

/** The difference between the output of a block and the page; null: none. Text must occur in the output literally. */
export function outputContradiction({ output }: ShellBlock, stdout: string): string | null {
  if (output?.language === 'json') {
    return contradiction(JSON.parse(output.code), JSON.parse(stdout));
  }
  return output && !stdout.includes(output.code) ? `it says:\n${stdout}` : null;
}

/**
 * The first difference between `actual` and a page, with both values; null: none. A page may leave out fields; `…` means
 * any value and, as the last element of a list, the rest of it.
 */
function contradiction(documented: unknown, actual: unknown, path = '$'): string | null {
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
