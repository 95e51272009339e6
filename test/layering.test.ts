/**
 * The rooms of the source and the direction of their imports, so that each can be read and changed without those
 * above.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', 'src');

/** The rooms from the top down: what each may import in addition to itself and the generated code. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['commands', 'config', 'errors'],
  commands: [
    'telemetry',
    'server',
    'automation',
    'athletes',
    'catalog',
    'progression',
    'audit',
    'retention',
    'events',
    'calls',
    'store',
    'config',
    'errors',
    'values',
  ],
  telemetry: ['server', 'progression', 'retention', 'events', 'store', 'flow', 'config', 'errors', 'values'],
  server: ['calls', 'store', 'flow', 'config', 'errors', 'values'],
  automation: [
    'progression',
    'catalog',
    'athletes',
    'events',
    'filters',
    'calls',
    'store',
    'flow',
    'config',
    'errors',
    'values',
  ],
  athletes: ['retention', 'catalog', 'filters', 'calls', 'store', 'config', 'errors', 'values'],
  catalog: ['progression', 'filters', 'calls', 'store', 'config', 'errors', 'values'],
  progression: ['training-logs', 'calls', 'store', 'flow', 'config', 'errors', 'values'],
  audit: ['calls', 'store', 'config', 'errors', 'values'],
  retention: ['store', 'config', 'errors', 'values'],
  events: ['calls', 'store', 'flow', 'config', 'errors', 'values'],
  filters: ['errors', 'values'],
  'training-logs': ['values'],
  calls: ['store', 'config', 'errors', 'values'],
  store: ['flow', 'config', 'errors', 'values'],
  flow: ['errors', 'values'],
  config: ['limits', 'errors', 'values'],
  /** The file limits.ts of each room: plain numbers, which the configuration puts together. */
  limits: [],
  values: ['errors'],
  errors: [],
};

interface Import {
  /** Relative to src, or the name of a package. */
  readonly target: string;
  readonly isTypeOnly: boolean;
}

function listFiles(): string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
}

function readImports(file: string): Import[] {
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
const WRITTEN = FILES.filter((file) => !file.startsWith('gen/'));
const isOurs = (target: string) => target.endsWith('.ts') && !target.startsWith('..');
const roomOf = (file: string) => (file.endsWith('/limits.ts') ? 'limits' : `${file.split('/')[0]}`);
const listTargets = (file: string) => readImports(file).map(({ target }) => target);
/** What is loaded when the file runs. */
const listLoaded = (file: string) =>
  readImports(file).flatMap(({ target, isTypeOnly }) => (isTypeOnly ? [] : [target]));

test('the source files and their imports are found', () => {
  expect(FILES).toContain('store/database.ts');
  expect(listTargets('store/database.ts')).toEqual(
    expect.arrayContaining(['@mikro-orm/postgresql', 'store/database-error.ts', 'store/entities/user.ts']),
  );
});

test('the source has main.ts and rooms, and no other file at its top', () => {
  expect(FILES.filter((file) => !file.includes('/'))).toEqual(['main.ts']);
});

describe('imports point downwards', () => {
  test.each(WRITTEN)('%s', (file) => {
    const room = roomOf(file);
    const allowed = [room, 'gen', ...(ALLOWED[room] ?? [])];

    const wrong = listTargets(file)
      .filter(isOurs)
      .filter((target) => !allowed.includes(roomOf(target)));

    expect(Object.keys(ALLOWED), `${room} is a room that this test does not know`).toContain(room);
    expect(wrong).toEqual([]);
  });

  test('the table has no circle', () => {
    const settled: string[] = [];
    const rooms = Object.keys(ALLOWED);
    for (const _ of rooms) {
      settled.push(
        ...rooms.filter(
          (room) => !settled.includes(room) && (ALLOWED[room] ?? []).every((each) => settled.includes(each)),
        ),
      );
    }

    expect(settled.toSorted()).toEqual(rooms.toSorted());
  });

  test('no file imports itself through others', () => {
    const open = new Map(WRITTEN.map((file) => [file, listTargets(file).filter((t) => WRITTEN.includes(t))]));
    // Removes files whose imports are all removed; what remains at the end is a circle, or imports one.
    for (let before = -1; before !== open.size; ) {
      before = open.size;
      for (const [file, targets] of open) {
        if (targets.every((target) => !open.has(target))) {
          open.delete(file);
        }
      }
    }

    expect([...open.keys()]).toEqual([]);
  });

  test('nothing under store/ imports Connect or calls/', () => {
    const wire = WRITTEN.filter((file) => file.startsWith('store/')).flatMap((file) =>
      listTargets(file).filter((target) => target.startsWith('@connectrpc/') || target.startsWith('calls/')),
    );

    expect(wire).toEqual([]);
  });
});

const PURE_ROOMS = /^(progression\/evaluation|filters|training-logs)\//;

/** Files that decide without clock, I/O, ORM or wire: three rooms, and everything that they load. */
function findPureFiles(): string[] {
  const pure = new Set(FILES.filter((file) => PURE_ROOMS.test(file)));
  for (const file of pure) {
    for (const target of listLoaded(file).filter(isOurs)) {
      pure.add(target);
    }
  }
  return [...pure];
}

/**
 * Packages that some of them load besides `decimal.js`: SQL that is built and not run, time zones, tables of text.
 */
const PACKAGES: readonly (readonly [files: RegExp, name: string])[] = [
  [/^training-logs\/read-table\.ts$/, 'csv-parse/sync'],
  [/^filters\/(filter-to-sql|sql-[a-z]+)\.ts$/, 'kysely'],
  [/^values\/zoned\.ts$/, 'temporal-polyfill'],
];

describe('the pure part', () => {
  test('has more than forty files', () => {
    expect(findPureFiles().length).toBeGreaterThan(40);
  });

  test.each(findPureFiles())('%s', (file) => {
    const packages = [
      'decimal.js',
      ...PACKAGES.filter(([files]) => files.test(file)).map(([, name]) => name),
    ];

    expect(listLoaded(file).filter((target) => !isOurs(target) && !packages.includes(target))).toEqual([]);
    expect(readFileSync(join(SOURCE, file), 'utf8')).not.toMatch(
      /Date\.now|new Date\(\)|performance\.|Math\.random/,
    );
  });
});

test('automation/decision/ loads no database', () => {
  const loaded = WRITTEN.filter((file) => file.startsWith('automation/decision/')).flatMap((file) =>
    listLoaded(file).map((target) => ({ file, target })),
  );

  expect(loaded.length).toBeGreaterThan(10);
  expect(
    loaded.filter(({ target }) => /^(store|events)\/|^kysely$|^@mikro-orm\/|^node:/.test(target)),
  ).toEqual([]);
});

test('only the configuration reads the environment', () => {
  const readers = WRITTEN.filter((file) => /process\.env\b/.test(readFileSync(join(SOURCE, file), 'utf8')));

  expect(readers).toEqual(['config/config.ts']);
});

test('file names are kebab-case nouns, without util, helper, common or manager', () => {
  const names = WRITTEN.flatMap((file) => file.replace('.ts', '').split('/'));

  for (const name of names) {
    expect(name).toMatch(/^(?!.*\b(?:utils?|helpers?|commons?|managers?)\b)[a-z0-9]+(?:-[a-z0-9]+)*$/);
  }
});
