/**
 * Processes of the last release go on while the schema is that of this version: what their statements name is still there,
 * and rows that they write without the new columns are accepted. CONTRIBUTING.md has the rule.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const [released = ''] = globSync('released/*.txt', { cwd: import.meta.dirname });
/** By name, and why no statement of the last release needs it. */
const REMOVED_KEYS: Readonly<Record<string, string>> = {
  lift_maxes_pkey: 'versions of maxes are found by lift and version, never by id',
};

/** Keys that changed since and still guard the same; the last release has no `on conflict` that names their columns. */
const CHANGED_KEYS: Readonly<Record<string, string>> = {
  progression_applies_once_per_instant: 'the same columns in another order',
  progression_applies_once_per_event: 'has the session in front, which the key of an event names as well',
};

interface Table {
  /** By name: its type, `not null` and default. */
  readonly columns: ReadonlyMap<string, string>;
  /** `privilege role` of the table, or `privilege(column) role`. */
  readonly grants: ReadonlySet<string>;
  /** Primary and unique keys, which `on conflict` names. */
  readonly keys: readonly string[];
}

const before = readTables(released);
const now = readTables('schema.golden.txt');

test('the schema of the last release is on record', () => {
  expect(before.size).toBeGreaterThan(30);
});

test.each([...before])('%s has the columns, rights and keys of the last release', (name, old) => {
  const { columns, grants, keys } = now.get(name) ?? expect.unreachable(`${name} is gone`);
  expect(Object.fromEntries(columns)).toMatchObject(Object.fromEntries(old.columns));
  const isGranted = (grant: string) => grants.has(grant) || grants.has(grant.replace(/\(.*\)/, ''));
  expect([...old.grants].filter((grant) => !isGranted(grant))).toEqual([]);
  const isKept = (key: string) =>
    keys.includes(key) || nameOf(key) in REMOVED_KEYS || nameOf(key) in CHANGED_KEYS;
  expect(old.keys.filter((key) => !isKept(key))).toEqual([]);
});

test.each([...now])('%s takes rows without the columns that are new in it', (name, { columns }) => {
  const old = before.get(name);
  const added = [...columns].filter(([column]) => old && !old.columns.has(column));
  expect(added.filter(([, type]) => /not null(?!.*default)/.test(type))).toEqual([]);
});

test('what is left out on purpose is gone', () => {
  const keys = new Set([...now.values()].flatMap((table) => table.keys.map(nameOf)));
  expect(Object.keys(REMOVED_KEYS).filter((name) => keys.has(name))).toEqual([]);
});

test('what is changed on purpose is there', () => {
  const keys = new Set([...now.values()].flatMap((table) => table.keys.map(nameOf)));
  expect(Object.keys(CHANGED_KEYS).filter((name) => !keys.has(name))).toEqual([]);
});

function readTables(file: string): Map<string, Table> {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  const tables = text.split('\n\n').flatMap((part): [string, Table][] => {
    const [header = '', ...lines] = part.split('\n');
    const name = /^table (\w+)/.exec(header)?.[1];
    return name ? [[name, readTable(lines)]] : [];
  });
  return new Map(tables);
}

function readTable(lines: readonly string[]): Table {
  const columns = lines.flatMap((line): [string, string][] => {
    const [, name, type] = /^ {2}([a-z_]+) (.*)$/.exec(line) ?? [];
    return name && type && !/^(constraint|grant|policy|restrictive|row)$/.test(name) ? [[name, type]] : [];
  });
  return {
    columns: new Map(columns),
    grants: new Set(lines.flatMap(readGrants)),
    keys: lines.filter((line) => /^ {2}(constraint \w+ (PRIMARY KEY|UNIQUE)|CREATE UNIQUE INDEX)/.test(line)),
  };
}

/** `  grant select, update (name, unit) to role` */
function readGrants(line: string): string[] {
  const [, privileges = '', role] = /^ {2}grant (.*) to (\w+)$/.exec(line) ?? [];
  return [...privileges.matchAll(/(\w+)(?: \(([^)]*)\))?(?:, |$)/g)].flatMap(([, privilege, names]) =>
    names ? names.split(', ').map((name) => `${privilege}(${name}) ${role}`) : [`${privilege} ${role}`],
  );
}

function nameOf(key: string): string {
  return /(?:constraint|INDEX) (\w+)/.exec(key)?.[1] ?? key;
}
