/** Logs replayed against the service over a socket, on a real database. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seed } from '../../../src/commands/seed-demo-account.ts';
import { startService } from '../../../src/commands/start-service.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/server/logger.ts';
import type { RunningServer } from '../../../src/server/server.ts';
import { type ReadOptions, readTrainingLog } from '../../../src/training-logs/read-training-log.ts';
import { systemClock } from '../../../src/values/system-clock.ts';
import { ReplayError } from '../../../tools/replay/refusal.ts';
import { type ReplayRequest, replayLog } from '../../../tools/replay/replay-log.ts';
import { createServiceClients, type ServiceClients } from '../../../tools/replay/service-clients.ts';
import { HAS_REAL_LOGS, readRealLog } from '../../support/real-logs.ts';
import { dumpTables, rowsAdded } from '../../support/table-dump.ts';
import { useTestDatabasePerTest } from '../../support/test-database.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures');
const REAL_LOG_TIMEOUT_MS = 180_000;

const db = useTestDatabasePerTest();
let server: RunningServer;
let clients: ServiceClients;
beforeEach(async () => {
  server = await startService(
    readConfig({ PORT: '0', AUTOMATION_WORKERS: 'off' }),
    db.database,
    createLogger('silent'),
  );
  clients = createServiceClients(server.url);
});
afterEach(async () => {
  clients.close();
  await server.close();
});

type Options = Partial<Omit<ReplayRequest, 'clients' | 'log'> & ReadOptions>;

function replay(bytes: Uint8Array, options: Options = {}): Promise<string[]> {
  const log = readTrainingLog(bytes, { now: systemClock(), ...options });
  const defaults = { mapping: new Map(), programSlug: undefined, isDryRun: false, onProgress: () => {} };
  return replayLog({ ...defaults, ...options, clients, log });
}

const fixture = (name: string) => readFileSync(join(FIXTURES, name));

/** The lines of a fixture from the header on, as many as are asked for. */
function linesOf(name: string, count?: number): string[] {
  return fixture(name).toString().trim().split('\n').slice(0, count);
}

const asFile = (...lines: string[]) => Buffer.from(`${lines.join('\n')}\n`);

/** The line of the report that begins with the text. */
function lineOf(report: readonly string[], beginning: string): string | undefined {
  return report.find((line) => line.startsWith(beginning));
}

test('a StrongLifts log is replayed on its program, and the report has every row', async () => {
  const report = await replay(fixture('stronglifts.csv'));

  expect(report[0]).toBe('StrongLifts log: 5 sessions on stronglifts-5x5-lb');
  const from = report.indexOf('squat');
  expect(report.slice(from, from + 5)).toEqual([
    'squat',
    '  2024-01  01 100/100    03 105/105!   05 105/105!   08 105/105!v  10 95/95',
    '',
    'bench-press',
    '  2024-01  01 80/80  05 85/85',
  ]);
  expect(
    report.filter((line) => /^(squat|bench-press) {2}/.test(line)).map((line) => line.split(/ +/)),
  ).toEqual([
    ['squat', '5', '7', '3', '1', '100', '100', '95', '0', '0', '0'],
    ['bench-press', '2', '2', '0', '0', '80', '90', '85', '0', '0', '0'],
  ]);
  expect(report.slice(-5)).toEqual([
    'rows: 10 read, 9 used, 1 not used',
    '  not a lift of the program: 1',
    '    curl: 1, in line 10',
    'set-up: 4 calls (athlete, enrollment, starting maxes), 0 of them known',
    'events: 12 sent, 4 applied, 8 skipped (no rule applied), 0 replayed',
  ]);
});

test('a second replay changes no row, reports the same, and says so', async () => {
  const first = await replay(fixture('stronglifts.csv'));
  const before = await dumpTables(db.database);
  const second = await replay(fixture('stronglifts.csv'));

  expect(rowsAdded({}, before)).toMatchObject({ users: 1, enrollments: 1, logged_sets: 9 });
  expect(await dumpTables(db.database)).toEqual(before);
  expect(second[1]).toMatch(/ \(known from an earlier replay of these 5 sessions\)$/);
  expect(second.toSpliced(1, 1).slice(0, -3)).toEqual(first.toSpliced(1, 1).slice(0, -2));
  expect(second.slice(-3)).toEqual([
    'set-up: 4 calls (athlete, enrollment, starting maxes), 4 of them known',
    'events: 12 sent, 0 applied, 0 skipped (no rule applied), 12 replayed',
    'nothing changed: all 12 events were known',
  ]);
});

test('an interrupted replay continues where it stopped', async () => {
  const cutShort = replay(fixture('stronglifts.csv'), {
    onProgress(done) {
      if (done === 9) {
        throw new Error('cut short');
      }
    },
  });
  await expect(cutShort).rejects.toThrow('cut short');
  const report = await replay(fixture('stronglifts.csv'));

  expect(report.slice(-2)).toEqual([
    'set-up: 4 calls (athlete, enrollment, starting maxes), 4 of them known',
    'events: 12 sent, 3 applied, 4 skipped (no rule applied), 5 replayed',
  ]);
});

test('weeks and cycles follow the program’s calendar', async () => {
  const before = await dumpTables(db.database);
  await replay(fixture('stronglifts.csv'), { programSlug: 'texas-method-lb' });
  const { progression_logs, requests } = rowsAdded(before, await dumpTables(db.database));
  const events = await clients.progression.listProgressionLogs({
    userId: (await clients.users.listUsers({})).users[0]?.id ?? '',
  });

  expect({ progression_logs, requests }).toEqual({ progression_logs: 1, requests: 17 });
  expect(events.logs).toMatchObject([
    { liftName: 'Bench press', delta: '2.5', triggerContext: { weekNumber: 1, cycleIteration: 1 } },
  ]);
});

test('AMRAP rules get the last of the heaviest sets', async () => {
  const report = await replay(fixture('stronglifts.csv'), { programSlug: 'greyskull-lp-lb' });

  expect(
    report
      .find((line) => line.startsWith('squat  '))
      ?.split(/ +/)
      .slice(4, 7),
  ).toEqual(['3', '100', '77.5']);
});

test.each(['strong-without-duration.csv', 'strong-with-duration-and-rpe.csv', 'strong-semicolons.csv'])(
  '%s is replayed on the program of the catalogue that fits it best',
  async (name) => {
    const report = await replay(fixture(name), { unit: 'kg' });

    expect(report[0]).toMatch(/^Strong log: \d sessions? on [a-z0-9-]+-kg \(of the catalogue, /);
    expect(report.find((line) => line.startsWith('squat  '))?.split(/ +/)[3]).toBe('0');
  },
);

test('an account’s own program is used unchanged, and the catalogue’s is copied once', async () => {
  await seed(db.database, systemClock);
  const before = await dumpTables(db.database);
  await replay(fixture('stronglifts.csv'));

  expect(rowsAdded(before, await dumpTables(db.database))).not.toHaveProperty('programs');
});

test.each([
  [
    'no-such-program',
    /^there is no program "no-such-program"; there are greyskull-lp-kg, .*wendler-531-bbb-lb$/,
  ],
  [
    'stronglifts-5x5-kg',
    /^not in the program's unit: 9, not a lift of the program: 1; none of the 10 rows can be replayed on stronglifts-5x5-kg, which trains /,
  ],
  ['gzclp-lb', /^not a lift of the program: 10; none of the 10 rows .* which trains squat-t1, /],
])('program %s is refused in one line', async (slug, message) => {
  const refused = replay(fixture('stronglifts.csv'), { programSlug: slug });

  await expect(refused).rejects.toThrow(ReplayError);
  await expect(refused).rejects.toThrow(message);
});

describe('a longer log of the same athlete', () => {
  const all = linesOf('stronglifts.csv');

  test('continues with the athlete and adds only new sessions', async () => {
    const shorter = await replay(asFile(...all.slice(0, 6)));
    const before = await dumpTables(db.database);
    const longer = await replay(asFile(...all));
    const after = await dumpTables(db.database);
    const again = await replay(asFile(...all));

    expect(shorter[1]).toMatch(/ \(new\)$/);
    expect(longer[1]).toBe(
      shorter[1]?.replace('(new)', '(known from an earlier replay of the first 2 of 5 sessions)'),
    );
    expect(longer.slice(-2)).toEqual([
      'set-up: 4 calls (athlete, enrollment, starting maxes), 4 of them known',
      'events: 12 sent, 3 applied, 5 skipped (no rule applied), 4 replayed',
    ]);
    expect(rowsAdded({}, before)).toMatchObject({ users: 1, logged_sets: 5 });
    expect(rowsAdded({}, after)).toMatchObject({ users: 1, logged_sets: 9 });
    expect(again.at(-1)).toBe('nothing changed: all 12 events were known');
    expect(await dumpTables(db.database)).toEqual(after);
  });

  test('has the same result as one replay of the whole log', async () => {
    await replay(asFile(...all.slice(0, 4)));
    await replay(asFile(...all.slice(0, 8)));
    const report = await replay(asFile(...all));

    expect(lineOf(report, 'squat  ')?.split(/ +/)).toEqual([
      'squat',
      '5',
      '7',
      '3',
      '1',
      '100',
      '100',
      '95',
      '0',
      '0',
      '0',
    ]);
  });

  test('may be in another encoding, and have its sessions in another order', async () => {
    const [header = '', ...rows] = all;
    const newestFirst = rows.toSorted((a, b) => b.slice(0, 10).localeCompare(a.slice(0, 10)));
    const shorter = await replay(asFile(...all.slice(0, 6)));
    const report = await replay(Buffer.from(`\uFEFF${[header, ...newestFirst].join('\r\n')}`, 'utf16le'));

    expect(newestFirst[0]).toBe(rows.at(-1));
    expect(report[1]).toBe(
      shorter[1]?.replace('(new)', '(known from an earlier replay of the first 2 of 5 sessions)'),
    );
  });

  test('stays on its program, even when another one fits the longer log better', async () => {
    const header = 'Date,Exercise,Category,Weight (kgs),Reps';
    const first = ['2024-01-01,Squat,Legs,100,5', '2024-01-01,Bench Press,Chest,60,5'];
    const more = ['Leg Press', 'Leg Curl', 'Calf Raise'].map((name) => `2024-01-03,${name},Legs,80,10`);
    const shorter = await replay(asFile(header, ...first));
    const longer = await replay(asFile(header, ...first, '2024-01-03,Squat,Legs,105,5', ...more));
    const other = await replay(asFile(header, '2024-01-01,Squat,Legs,90,5', ...more));

    const [program] = /\S+-kg/.exec(shorter[0] ?? '') ?? [];
    expect(longer[0]).toBe(`FitNotes log: 2 sessions on ${program} (on which it was replayed before)`);
    expect(longer[1]).toBe(
      shorter[1]?.replace('(new)', '(known from an earlier replay of the first 1 of 2 sessions)'),
    );
    expect(other[0]).toMatch(/ on reddit-ppl-kg \(of the catalogue, /);
    expect(program).not.toBe('reddit-ppl-kg');
  });

  test('whose beginning differs in one set belongs to another athlete', async () => {
    const [header = '', first = '', ...rest] = all;
    const one = await replay(asFile(...all.slice(0, 6)));
    const other = await replay(asFile(header, first.replace('100,5,5', '102.5,5,5'), ...rest));

    expect(other[1]).toMatch(/ \(new\)$/);
    expect(other[1]).not.toBe(one[1]);
    expect(rowsAdded({}, await dumpTables(db.database))).toMatchObject({ users: 2 });
  });
});

describe('a file joined from two copies', () => {
  const all = linesOf('stronglifts.csv');

  test('counts each set once and says so, and is the same athlete', async () => {
    const single = await replay(asFile(...all));
    const before = await dumpTables(db.database);
    const joined = await replay(asFile(...all.slice(0, 8), ...all));

    expect(joined[1]).toBe(
      'the file has 7 rows twice, as files joined from two copies do; each set counts once',
    );
    expect(joined[2]).toBe(single[1]?.replace('(new)', '(known from an earlier replay of these 5 sessions)'));
    expect(joined).toContain('rows: 18 read, 9 used, 9 not used');
    expect(joined).toContain('  the header again: 1');
    expect(joined).toContain('  a second copy of a set (each set is counted once): 7');
    expect(joined.at(-1)).toBe('nothing changed: all 12 events were known');
    expect(await dumpTables(db.database)).toEqual(before);
  });
});

describe('a dry run', () => {
  test('writes nothing, and shows what a replay would do', async () => {
    const before = await dumpTables(db.database);
    const report = await replay(fixture('stronglifts.csv'), { isDryRun: true });

    expect(report).toEqual([
      'dry run: nothing is written',
      'StrongLifts log: 5 sessions on stronglifts-5x5-lb',
      'athlete: (new)',
      '',
      'exercise            lift  sets',
      'squat              squat     7',
      'bench-press  bench-press     2',
      '',
      'rows: 10 read, 9 used, 1 not used',
      '  not a lift of the program: 1',
      '    curl: 1, in line 10',
      'a replay makes 4 calls to set up and sends 12 events; known ones change nothing',
    ]);
    expect(await dumpTables(db.database)).toEqual(before);
  });

  test('finds the athlete of an earlier replay', async () => {
    const done = await replay(fixture('stronglifts.csv'));
    const before = await dumpTables(db.database);
    const report = await replay(fixture('stronglifts.csv'), { isDryRun: true });

    expect(report[2]).toBe(done[1]?.replace('(new)', '(known from an earlier replay of these 5 sessions)'));
    expect(await dumpTables(db.database)).toEqual(before);
  });
});

describe('a mapping', () => {
  test('says which exercise is which lift', async () => {
    const report = await replay(fixture('stronglifts.csv'), { mapping: new Map([['curl', 'barbell-row']]) });

    expect(report).toContain('rows: 10 read, 10 used, 0 not used');
    expect(lineOf(report, 'barbell-row  ')?.split(/ +/).slice(0, 3)).toEqual(['barbell-row', '1', '1']);
  });

  test('to a lift that the program does not have is refused in one line', async () => {
    const refused = replay(fixture('stronglifts.csv'), { mapping: new Map([['curl', 'biceps-curl']]) });

    await expect(refused).rejects.toThrow(ReplayError);
    await expect(refused).rejects.toThrow(
      /^the mapping says that "curl" is biceps-curl, which is no lift of stronglifts-5x5-lb; its lifts are squat, /,
    );
  });
});

describe('a log without a unit', () => {
  const log = fixture('strong-without-duration.csv');

  test('is refused, with the option for it', async () => {
    const refused = replay(log);

    await expect(refused).rejects.toThrow(ReplayError);
    await expect(refused).rejects.toThrow(/; --units kg or --units lb decides it$/);
  });

  test('is in the requested unit, which selects among the programs of the catalogue', async () => {
    expect((await replay(log, { unit: 'lb' }))[0]).toMatch(
      /^Strong log: 2 sessions on [a-z0-9-]+-lb \(of the /,
    );
  });

  test('is in the unit of the requested program', async () => {
    expect((await replay(log, { programSlug: 'texas-method-kg' }))[0]).toBe(
      "Strong log: 2 sessions on texas-method-kg; the log names no unit, its weights are taken as kg, the program's",
    );
  });
});

test.each([
  [
    'no set',
    ['2024-01-01,squat,1,0,5,5', '2024-01-02,squat,1,0,5,5', 'x,squat,1,100,5,5'],
    'without a weight (empty or 0): 2, not a date: 1; none of the 3 rows can be used',
  ],
  ['no row', [], 'none of the 0 rows can be used'],
])('a log of %s is refused, the most frequent reason first', async (_, rows, message) => {
  const refused = replay(asFile(linesOf('stronglifts.csv', 1)[0] ?? '', ...rows));

  await expect(refused).rejects.toThrow(new ReplayError(message));
});

test('a log without an exercise of any program says so first', async () => {
  const refused = replay(
    asFile(
      'Date,Exercise,Category,Weight (kgs),Reps',
      '2024-01-01,Plank,Abs,20,5',
      '2024-01-01,Plank,Abs,,5',
    ),
  );

  await expect(refused).rejects.toThrow(
    /^without a weight \(empty or 0\): 1, not a lift of the program: 1; no program of the catalogue in kg .* --mapping FILE /,
  );
});

test.skipIf(!HAS_REAL_LOGS)('a year of a real athlete, twice', { timeout: REAL_LOG_TIMEOUT_MS }, async () => {
  const first = await replay(readRealLog('stronglifts-2021.csv'));
  const second = await replay(readRealLog('stronglifts-2021.csv'));

  // The figures were worked out from the file and the program's rules by other means.
  const figures = Object.fromEntries(
    first
      .filter((line) => /^[a-z-]+ +\d/.test(line))
      .map((line) => [line.split(/ +/)[0], line.split(/ +/).slice(1, 7)]),
  );
  expect(figures).toEqual({
    squat: ['118', '590', '30', '1', '110', '630'],
    'bench-press': ['58', '290', '14', '1', '85', '330'],
    'barbell-row': ['58', '286', '1', '0', '80', '365'],
    'overhead-press': ['60', '299', '42', '2', '90', '315'],
    deadlift: ['60', '60', '3', '0', '130', '700'],
  });
  expect(first).toContain('rows: 1525 read, 1525 used, 0 not used');
  expect(second.at(-1)).toBe('nothing changed: all 314 events were known');
});

test.skipIf(!HAS_REAL_LOGS)(
  'a real export of the Strong app on two programs',
  { timeout: REAL_LOG_TIMEOUT_MS },
  async () => {
    const log = readRealLog('strong-export-sample.csv');

    expect(await replay(log, { unit: 'kg' })).toContain('rows: 1294 read, 441 used, 853 not used');
    expect(await replay(log, { programSlug: 'texas-method-kg' })).toContain(
      'rows: 1294 read, 237 used, 1057 not used',
    );
  },
);

test.skipIf(!HAS_REAL_LOGS).each<[string, Options, string, string]>([
  ['hevy-kg.csv', {}, 'Hevy log: 16 sessions on reddit-ppl-kg', 'rows: 300 read, 79 used, 221 not used'],
  ['fitnotes-lbs.csv', {}, 'FitNotes log: 18 sessions on reddit-ppl-lb', 'rows: 436 read, 259 used, 177 not'],
  ['fitbod.csv', {}, 'Fitbod log: ', 'rows: 200 read, '],
  ['strong-french-headers.csv', { unit: 'kg' }, 'Strong log: 6 sessions', 'rows: 200 read, 22 used, 178 not'],
  [
    'stronglifts-app-wide-kg.csv',
    {},
    'StrongLifts app log: 24 sessions on stronglifts-5x5-kg',
    'rows: 24 read, 24 used',
  ],
  [
    'stronglifts-app-wide-us-dates.csv',
    {},
    'StrongLifts app log: 46 sessions on stronglifts-5x5-kg',
    'rows: 46 read, 46 used (18 in part), 0 not used',
  ],
])('a real export, %s', { timeout: REAL_LOG_TIMEOUT_MS }, async (name, options, described, rows) => {
  const report = await replay(readRealLog(`exports/${name}`), options);

  expect(lineOf(report, described)).toBeDefined();
  expect(lineOf(report, rows)).toBeDefined();
});
