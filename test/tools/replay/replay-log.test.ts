/** Logs replayed against the service over a socket, on a real database. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seed } from '../../../src/commands/seed-demo-account.ts';
import { startService } from '../../../src/commands/start-service.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/server/logger.ts';
import type { RunningServer } from '../../../src/server/server.ts';
import { systemClock } from '../../../src/values/system-clock.ts';
import { readLog } from '../../../tools/replay/read-log.ts';
import { replayLog } from '../../../tools/replay/replay-log.ts';
import { createServiceClients, type ServiceClients } from '../../../tools/replay/service-clients.ts';
import { ReplayError } from '../../../tools/replay/training-log.ts';
import { dumpTables, rowsAdded } from '../../support/table-dump.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures');
/** Logs of real athletes, which are no part of the project. */
const REAL_LOGS = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');
const REAL_LOG_TIMEOUT_MS = 180_000;

let db: TestDatabase;
let server: RunningServer;
let clients: ServiceClients;
beforeEach(async () => {
  db = await createTestDatabase();
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
  await db.close();
});

function replay(path: string, programSlug?: string, onProgress = (_done: number, _total: number) => {}) {
  const log = readLog(readFileSync(path), systemClock());
  return replayLog({ clients, log, programSlug, onProgress });
}

const fixture = (name: string) => join(FIXTURES, name);

test('a StrongLifts log is steered by its program, and every row is accounted for', async () => {
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

test('replayed again it changes no row, reports the same, and says so', async () => {
  const first = await replay(fixture('stronglifts.csv'));
  const before = await dumpTables(db.database);
  const second = await replay(fixture('stronglifts.csv'));

  expect(rowsAdded({}, before)).toMatchObject({ users: 1, enrollments: 1, logged_sets: 9 });
  expect(await dumpTables(db.database)).toEqual(before);
  expect(second.slice(0, -3)).toEqual(first.slice(0, -2));
  expect(second.slice(-3)).toEqual([
    'set-up: 4 calls (athlete, enrollment, starting maxes), 4 of them known',
    'events: 12 sent, 0 applied, 0 skipped (no rule applied), 12 replayed',
    'nothing changed: all 12 events were known',
  ]);
});

test('a replay that was cut short goes on where it stopped', async () => {
  const cutShort = replay(fixture('stronglifts.csv'), undefined, (done) => {
    if (done === 9) {
      throw new Error('cut short');
    }
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
  await replay(fixture('stronglifts.csv'), 'texas-method-lb');
  const { progression_logs, requests } = rowsAdded(before, await dumpTables(db.database));
  const events = await clients.progression.listProgressionLogs({
    userId: (await clients.users.listUsers({})).users[0]?.id ?? '',
  });

  expect({ progression_logs, requests }).toEqual({ progression_logs: 1, requests: 17 });
  expect(events.logs).toMatchObject([
    { liftName: 'Bench press', delta: '2.5', triggerContext: { weekNumber: 1, cycleIteration: 1 } },
  ]);
});

test('AMRAP rules see the last of the heaviest sets', async () => {
  const report = await replay(fixture('stronglifts.csv'), 'greyskull-lp-lb');

  expect(
    report
      .find((line) => line.startsWith('squat  '))
      ?.split(/ +/)
      .slice(4, 7),
  ).toEqual(['3', '100', '77.5']);
});

test.each(['strong-without-duration.csv', 'strong-with-duration-and-rpe.csv', 'strong-semicolons.csv'])(
  '%s goes to the program of the catalogue that fits it best',
  async (name) => {
    const report = await replay(fixture(name));

    expect(report[0]).toMatch(/^Strong log: \d sessions? on [a-z0-9-]+-kg \(of the catalogue, /);
    expect(report.find((line) => line.startsWith('squat  '))?.split(/ +/)[3]).toBe('0');
  },
);

test('an account’s own program is taken as it is, and the catalogue’s is copied once', async () => {
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
    /^none of the 10 rows can be replayed on stronglifts-5x5-kg, .*not in the program's unit: 9/,
  ],
  ['gzclp-lb', /which trains squat-t1, .*\(not a lift of the program: 10\)$/],
])('program %s is refused in one line', async (slug, message) => {
  const refused = replay(fixture('stronglifts.csv'), slug);

  await expect(refused).rejects.toThrow(ReplayError);
  await expect(refused).rejects.toThrow(message);
});

test.skipIf(!existsSync(REAL_LOGS))(
  'a year of a real athlete, twice',
  { timeout: REAL_LOG_TIMEOUT_MS },
  async () => {
    const first = await replay(join(REAL_LOGS, 'stronglifts-2021.csv'));
    const second = await replay(join(REAL_LOGS, 'stronglifts-2021.csv'));

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
  },
);

test.skipIf(!existsSync(REAL_LOGS))(
  'a real export of the Strong app on two programs',
  { timeout: REAL_LOG_TIMEOUT_MS },
  async () => {
    const log = join(REAL_LOGS, 'strong-export-sample.csv');

    expect(await replay(log)).toContain('rows: 1294 read, 453 used, 841 not used');
    expect(await replay(log, 'texas-method-kg')).toContain('rows: 1294 read, 249 used, 1045 not used');
  },
);
