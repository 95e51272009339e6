/** Every limit: defined once in the room that uses it, used there, and in docs/limits.md with its value. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/config/default-limits.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCE = join(ROOT, 'src');
const FILES = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.startsWith('gen/'),
);
const LIMITS: readonly (readonly [name: string, value: number])[] = Object.entries(DEFAULT_LIMITS);

describe('the rooms', () => {
  const rooms = FILES.filter((path) => path.endsWith('/limits.ts'));

  test.each(rooms)('%s has one table of positive whole numbers, each with a comment', async (path) => {
    const exported = Object.entries((await import(join(SOURCE, path))) as Record<string, object>);
    const [[name = '', limits = {}] = []] = exported;

    expect(exported).toHaveLength(1);
    expect(name).toMatch(/^[A-Z_]+_LIMITS$/);
    expect(Object.keys(limits).length).toBeGreaterThan(0);
    for (const value of Object.values(limits)) {
      expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
    }
    const commented = readFileSync(join(SOURCE, path), 'utf8').match(/\*\/\n {2}\w+: /g);
    expect(commented).toHaveLength(Object.keys(limits).length);
  });

  test('define each limit once, and the configuration has them all', async () => {
    const tables = await Promise.all(
      rooms.map(async (path) => Object.values((await import(join(SOURCE, path))) as Record<string, object>)),
    );
    const names = tables.flat().flatMap((limits) => Object.keys(limits));

    expect(names.toSorted()).toEqual(Object.keys(DEFAULT_LIMITS).toSorted());
  });
});

/** Whether a limit is read: by `limits.name`, out of an object of limits, or by its name as the key of one. */
function isReadIn(text: string, name: string): boolean {
  const taken = text.matchAll(/\{([^{}]*)\}(?:: [^;={}]*?[lL]imits\b| = [\w.#]*limits\b)/g);
  return (
    new RegExp(`\\b\\w*[lL]imits(?:\\.|\\[['"])${name}\\b`).test(text) ||
    [...taken].some(([, names]) => new RegExp(`\\b${name}\\b`).test(names ?? '')) ||
    (/\bLimits\b/.test(text) && text.includes(`'${name}'`))
  );
}

describe('the source', () => {
  const texts = FILES.filter((path) => !path.endsWith('/limits.ts') && !path.startsWith('config/')).map(
    (path) => readFileSync(join(SOURCE, path), 'utf8'),
  );

  test.each(LIMITS)('uses %s', (name) => {
    expect(texts.some((text) => isReadIn(text, name))).toBe(true);
  });
});

/** A row of one of the tables: the limits that it names, and their values in the text. */
interface Row {
  readonly names: readonly string[];
  readonly value: string;
}

const ROWS: readonly Row[] = readFileSync(join(ROOT, 'docs', 'limits.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, names = '', value = ''] = line.startsWith('| ') ? line.split('|') : [];
    const quoted = [...names.matchAll(/`(\w+)`/g)].flatMap(([, name]) => name ?? []);
    return quoted.length > 0 ? [{ names: quoted, value }] : [];
  });

/** The ways in which a value may be written. */
function writingsOf(name: string, value: number): string[] {
  const scaled = (units: readonly (readonly [string, number])[]) =>
    units.filter(([, size]) => value % size === 0).map(([unit, size]) => `${grouped(value / size)} ${unit}`);
  if (name.endsWith('Ms')) {
    return scaled([
      ['ms', 1],
      ['s', 1_000],
      ['min', 60_000],
      ['minutes', 60_000],
      ['h', 3_600_000],
    ]);
  }
  if (name.endsWith('Bytes')) {
    return scaled([
      ['KiB', 1024],
      ['MiB', 1024 * 1024],
    ]);
  }
  return [grouped(value)];
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

describe('docs/limits.md', () => {
  test.each(LIMITS)('says %s with its value, %d', (name, value) => {
    const rows = ROWS.filter(({ names }) => names.includes(name));
    const writings = writingsOf(name, value);
    const isWritten = (text: string) =>
      writings.some((writing) => new RegExp(`(?<![\\w,.])${writing}(?![\\w,.]*\\d)\\b`).test(text));

    expect(rows, `no row names ${name}`).not.toEqual([]);
    for (const row of rows) {
      expect(isWritten(row.value), `"${row.value.trim()}" has none of ${writings.join(', ')}`).toBe(true);
    }
  });

  test('names no unknown limit', () => {
    const named = ROWS.flatMap(({ names }) => names);

    expect(named.filter((name) => /^[a-z]+[A-Z]\w*$/.test(name) && !(name in DEFAULT_LIMITS))).toEqual([]);
  });
});
