/** The import direction of the source, so that each part can be read and changed without the ones above it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', 'src');

/** What each folder may import, beside itself, the generated code and the leaf files of src. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  main: ['commands'],
  tools: ['commands', 'server', 'progression', 'catalog', 'automation', 'events', 'store', 'flow'],
  commands: [
    'telemetry',
    'server',
    'progression',
    'catalog',
    'audit',
    'automation',
    'events',
    'store',
    'flow',
  ],
  telemetry: ['server', 'progression', 'events', 'store'],
  server: ['progression', 'catalog', 'automation', 'events', 'store', 'flow'],
  automation: ['progression', 'catalog', 'events', 'store', 'flow'],
  progression: ['store', 'flow'],
  catalog: ['store', 'progression/rules', 'automation/filters'],
  audit: ['store'],
  events: ['store', 'flow'],
  store: ['flow'],
  flow: [],
  gen: [],
};

interface Import {
  /** Relative to src, or the name of a package. */
  readonly target: string;
  readonly isTypeOnly: boolean;
}

function listFiles(): string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)\s(type\s)?[^;'"]*?from\s+'([^']+)'|import\(?\s*'([^']+)'/gm,
  );
  return [...found].map(([, type, from, bare]) => {
    const specifier = from ?? bare ?? '';
    const target = specifier.startsWith('.')
      ? relative(SOURCE, join(SOURCE, dirname(file), specifier))
      : specifier;
    return { target, isTypeOnly: type !== undefined };
  });
}

const FILES = listFiles();
const isOurs = (target: string) => target.endsWith('.ts') && !target.startsWith('..');
const isLeaf = (target: string) => isOurs(target) && !target.includes('/') && target !== 'main.ts';
const folderOf = (file: string) => (file.includes('/') ? `${file.split('/')[0]}` : file.replace('.ts', ''));

test('the source is there to be looked at', () => {
  expect(FILES).toContain('store/database.ts');
  expect(importsOf('store/database.ts').map(({ target }) => target)).toEqual(
    expect.arrayContaining(['@mikro-orm/postgresql', 'store/database-error.ts', 'store/entities/user.ts']),
  );
});

describe('imports point downwards', () => {
  test.each(FILES.filter((file) => !isLeaf(file) && !file.startsWith('gen/')))('%s', (file) => {
    const folder = folderOf(file);
    const allowed = [folder, 'gen', ...(ALLOWED[folder] ?? [])];

    const wrong = importsOf(file)
      .map(({ target }) => target)
      .filter((target) => isOurs(target) && !isLeaf(target))
      .filter((target) => !allowed.some((path) => target.startsWith(`${path}/`)));

    expect(Object.keys(ALLOWED), `${folder} is a folder that this test does not know`).toContain(folder);
    expect(wrong).toEqual([]);
  });

  test('leaf files import only each other, the generated code and packages', () => {
    const wrong = FILES.filter(isLeaf).flatMap((file) =>
      importsOf(file).filter(({ target }) => isOurs(target) && !isLeaf(target) && !target.startsWith('gen/')),
    );

    expect(wrong).toEqual([]);
  });

  test('nobody imports the process edge', () => {
    const importers = FILES.filter((file) => importsOf(file).some(({ target }) => target === 'main.ts'));

    expect(importers).toEqual([]);
  });
});

/** What decides, without clock, I/O, ORM or wire; and everything that it is made of. */
function pureFiles(): string[] {
  const isRoot = (file: string) =>
    file === 'progression/evaluate.ts' || file.startsWith('progression/rules/') || file.includes('/filters/');
  const pure = new Set(FILES.filter(isRoot));
  for (const file of pure) {
    for (const { target } of importsOf(file)) {
      if (target.startsWith('progression/') || target.startsWith('automation/')) {
        pure.add(target);
      }
    }
  }
  return [...pure];
}

/** What some of it needs besides `decimal.js`: statements that are written and not run, zones, and texts of instants. */
const BESIDES: readonly (readonly [files: RegExp, target: string])[] = [
  [/^automation\/filters\/(filter-to-sql|sql-[a-z]+)\.ts$/, 'kysely'],
  [/^automation\/time\/zoned\.ts$/, 'temporal-polyfill'],
  [/^automation\//, 'instant.ts'],
];

describe('what decides is pure', () => {
  test('it is more than one file', () => {
    expect(pureFiles().length).toBeGreaterThan(5);
  });

  test.each(pureFiles())('%s', (file) => {
    const besides = BESIDES.filter(([files]) => files.test(file)).map(([, target]) => target);
    const isAllowed = ({ target, isTypeOnly }: Import) =>
      ['decimal.js', ...besides].includes(target) ||
      pureFiles().includes(target) ||
      (isTypeOnly && isLeaf(target));

    expect(importsOf(file).filter((each) => !isAllowed(each))).toEqual([]);
    expect(readFileSync(join(SOURCE, file), 'utf8')).not.toMatch(
      /Date\.now|new Date\(\)|performance\.|Math\.random/,
    );
  });
});

test('only the configuration reads the environment', () => {
  const readers = FILES.filter((file) => /process\.env\b/.test(readFileSync(join(SOURCE, file), 'utf8')));

  expect(readers).toEqual(['config.ts']);
});

test('files are named for what they are about', () => {
  const names = FILES.filter((file) => !file.startsWith('gen/')).flatMap((file) =>
    file.replace('.ts', '').split('/'),
  );

  for (const name of names) {
    expect(name).toMatch(/^(?!.*\b(?:utils?|helpers?|commons?|managers?)\b)[a-z0-9]+(?:-[a-z0-9]+)*$/);
  }
});
