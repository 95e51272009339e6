/** The archive: every row of the closed months, verified, once, and readable with any parser of CSV. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRequest } from '../../src/commands/archive.ts';
import { readConfig } from '../../src/config/config.ts';
import { archive } from '../../src/retention/archive.ts';
import { readBack, writeLines } from '../../src/retention/archive-file.ts';
import type { Database } from '../../src/store/database.ts';
import { DAY, NOON } from '../automation/evaluation/automated-account.ts';
import { hasCommand } from '../support/commands.ts';
import { runCommand } from '../support/service-process.ts';
import { dumpTables } from '../support/table-dump.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';
import { createRetainedAccount, type RetainedAccount, removeOld } from './retained-account.ts';

const db = useTestDatabasePerTest();
const limits = { ...readConfig({}).limits, archivedPageRows: 2 };
const BEFORE = '2026-04-01T00:00:00Z';
const HARD_VALUES = { text: 'a "quoted", \\ line\nwith ü and \u{1F3CB}', empty: '', none: null };

let account: RetainedAccount;
let directory: string;
beforeEach(async () => {
  account = await createRetainedAccount(db.database);
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
});
afterEach(() => rm(directory, { recursive: true }));

const archiveAll = (database: Database = db.database) =>
  archive({ database, limits, before: BEFORE, directory });
const inAccount = (...path: string[]) => join(directory, account.accountId, ...path);
const filesOf = async (table: string) => (await readdir(inAccount(table))).toSorted();
const readTable = async (...path: string[]) =>
  parse(await readFile(inAccount(...path)), { columns: true }) as Record<string, string>[];

/** Events of February, March and April, with a run that has ended for each; verdicts of March. */
async function fill(): Promise<string[]> {
  await account.addWorkflow({ settings: { policy: 'ENROLLMENT_POLICY_MULTIPLE' } });
  const userId = await account.addAthlete();
  const times = [NOON - 10n * DAY, NOON, NOON, NOON + DAY, NOON + 40n * DAY];
  const ids = await account.emit(userId, ...times.map((at) => ({ at, data: HARD_VALUES })));
  await account.evaluateAt(NOON + 2n * DAY);
  await account.rows(
    sql`update workflow_enrollments set state = 'COMPLETED', due_at = null, ended_at = enrolled_at`,
  );
  return ids;
}

describe('an archive', () => {
  test('has each month of an account in a file, as text that a parser reads to the same values', async () => {
    const other = await createRetainedAccount(db.database);
    await other.emit(await other.addAthlete(), {});
    await other.evaluateAt(NOON);
    const ids = await fill();
    const before = await dumpTables(db.database);

    expect(await archiveAll()).toContainEqual({ table: 'events', files: 3, rows: 5, kept: 0 });
    expect(await dumpTables(db.database)).toEqual(before);
    expect(await filesOf('events')).toEqual([
      '2026-02.1.csv',
      '2026-02.1.json',
      '2026-03.1.csv',
      '2026-03.1.json',
    ]);
    const rows = [
      ...(await readTable('events', '2026-02.1.csv')),
      ...(await readTable('events', '2026-03.1.csv')),
    ];
    expect(rows.map(({ id }) => id)).toEqual(ids.slice(0, 4));
    const stored = await account.rows<Record<string, string | null>>(sql`
      select e.id::text, e.data::text, (e.recorded_at at time zone 'UTC')::text || '+00' as recorded_at, e.outcomes::text, e.previous::text
      from events e where recorded_at < ${BEFORE} order by sequence`);
    for (const [index, { previous, ...row }] of stored.entries()) {
      expect(rows[index]).toMatchObject({ ...row, previous: previous ?? '', account_id: account.accountId });
    }
    expect(JSON.parse(`${rows[0]?.data}`)).toEqual(HARD_VALUES);
  });

  test('has runs that have ended, their steps, and the audit trail; a run that goes on is left out', async () => {
    await fill();
    const [open] = await account.rows<{ id: string }>(sql`
      update workflow_enrollments set state = 'ACTIVE', due_at = now(), ended_at = null
      where enrolled_at = '2026-03-03T12:00:00Z' returning id`);
    await account.rows(sql`
      insert into action_executions (account_id, enrollment_id, step, user_id, action, outcome, attempts, executed_at)
      select account_id, id, 0, user_id, 'add_tag', 'DONE', 1, enrolled_at from workflow_enrollments`);
    await account.rows(sql`
      insert into audit_log (account_id, id, actor, action, target_type, target_id, recorded_at)
      values (${account.accountId}, ${uuidv7()}, 'coach', 'UpdateUser', 'user', ${uuidv7()}, '2026-03-05Z')`);

    const counts = Object.fromEntries((await archiveAll()).map(({ table, rows }) => [table, rows]));
    expect(counts).toMatchObject({
      ...{ trigger_execution_logs: 5, workflow_enrollments: 3, action_executions: 3, audit_log: 1 },
    });
    const runs = await readTable('workflow_enrollments', '2026-03.1.csv');
    expect(runs.map(({ id }) => id)).not.toContain(open?.id);
  });

  test.skipIf(!hasCommand('psql'))('is read by PostgreSQL to the same rows', async () => {
    await fill();
    await archiveAll();
    const script = [
      'create temporary table copied (like events)',
      `\\copy copied from '${inAccount('events', '2026-03.1.csv')}' csv header`,
      `set progression.account_id = '${account.accountId}'`,
      `select count(*) from copied c join events e using (id) where to_jsonb(c) = to_jsonb(e)`,
    ];
    const { stdout } = await promisify(execFile)('psql', [
      ...['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', db.url],
      ...script.flatMap((line) => ['--command', line]),
    ]);

    expect(stdout).toBe('3\n');
  });

  test('has in its record what stock tools compute of the file', async () => {
    await fill();
    await archiveAll();

    const record = JSON.parse(await readFile(inAccount('events', '2026-03.1.json'), 'utf8'));
    const { sha256, bytes } = await readBack(inAccount('events', '2026-03.1.csv'));
    expect(record).toMatchObject({
      ...{ accountId: account.accountId, table: 'events', month: '2026-03', file: '2026-03.1.csv' },
      ...{ rows: 3, sha256, bytes },
    });
  });
});

describe('a second run', () => {
  test('writes nothing while nothing changed, and nothing of what was removed', async () => {
    await fill();
    await archiveAll();
    const first = await readFile(inAccount('events', '2026-03.1.csv'));

    expect(await archiveAll()).toContainEqual({ table: 'events', files: 0, rows: 0, kept: 2 });
    await account.client.users.updateAccount({ retention: { eventsDays: 30, runsDays: 30 } });
    expect(await removeOld(db.database)).toMatchObject({ events: 4 });
    expect(await archiveAll()).toContainEqual({ table: 'events', files: 0, rows: 0, kept: 0 });
    expect(await readFile(inAccount('events', '2026-03.1.csv'))).toEqual(first);
  });

  test('writes a further file of a month whose rows changed, and keeps the first', async () => {
    await fill();
    await archiveAll();
    const first = await readFile(inAccount('events', '2026-03.1.csv'));
    await account.rows(sql`update events set data = '{}' where recorded_at = '2026-03-03T12:00:00Z'`);

    expect(await archiveAll()).toContainEqual({ table: 'events', files: 1, rows: 3, kept: 1 });
    expect(await readFile(inAccount('events', '2026-03.1.csv'))).toEqual(first);
    expect((await readTable('events', '2026-03.2.csv')).map(({ data }) => data)).toContain('{}');
  });

  test('writes what an interrupted run left unfinished, and what was damaged', async () => {
    await fill();
    await archiveAll();
    await rm(inAccount('events', '2026-02.1.json'));
    await writeFile(inAccount('events', '2026-02.1.csv.part'), 'account_id,id\n"half');
    await truncate(inAccount('events', '2026-03.1.csv'), 100);

    expect(await archiveAll()).toContainEqual({ table: 'events', files: 2, rows: 4, kept: 0 });
    expect(await filesOf('events')).toEqual([
      '2026-02.1.csv',
      '2026-02.1.json',
      '2026-03.1.csv',
      '2026-03.1.json',
    ]);
  });
});

describe('verification', () => {
  test('finds a lost, a doubled and a changed row', async () => {
    const lines = ['"1","a"', '"2",""', '"3",'];
    const digestOf = async (...written: string[]) =>
      (
        await readBack(
          await writeLines(
            directory,
            'rows',
            'id,text',
            (async function* () {
              yield written;
            })(),
          ),
        )
      ).digest;
    const whole = await digestOf(...lines);

    expect(await digestOf(...lines.toReversed())).toBe(whole);
    expect(await digestOf(...lines.slice(1))).not.toBe(whole);
    expect(await digestOf(...lines, '"3",')).not.toBe(whole);
    expect(await digestOf('"1","b"', ...lines.slice(1))).not.toBe(whole);
    expect(await digestOf('"1","a"', '"2",', '"3",')).not.toBe(whole);
  });

  test('writes a month again whose rows changed meanwhile, and gives up after three tries', async () => {
    await fill();
    const changing = (times: number): Database => {
      let left = times;
      return {
        ...db.database,
        transaction: async (accountId, work, options) => {
          const result = await db.database.transaction(accountId, work, options);
          if (typeof result === 'string' && left > 0) {
            left -= 1;
            await account.rows(sql`update events set data = ${JSON.stringify({ left })}::jsonb
              where recorded_at < '2026-03-01Z'`);
          }
          return result;
        },
      };
    };

    await expect(archiveAll(changing(3))).rejects.toThrow(
      /2026-02.1.csv does not have the rows of the database/,
    );
    expect(await archiveAll(changing(2))).toContainEqual({ table: 'events', files: 2, rows: 4, kept: 0 });
    expect((await readTable('events', '2026-02.1.csv')).map(({ data }) => data)).toEqual(['{"left": 0}']);
  });
});

describe('the command', () => {
  const environment = () => ({ DATABASE_URL: db.url });

  test('archives the months before the date, and says how many rows of each table', async () => {
    await fill();

    expect(
      await runCommand(['archive', '--before', '2026-03-01', '--to', directory], environment()),
    ).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: expect.stringMatching(/^events: wrote 1 rows to 1 files, verified; 0 files were there\n/),
    });
  });

  test('says in one line which file it cannot write', async () => {
    await fill();
    await mkdir(inAccount('events', '2026-02.1.csv.part'), { recursive: true });

    expect(
      await runCommand(['archive', '--before', '2026-03-01', '--to', directory], environment()),
    ).toMatchObject({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringMatching(/^cannot write the archive: [^\n]*2026-02\.1\.csv\.part[^\n]*\n$/),
    });
  });

  test.each([
    [
      ['--before', '2026-03-02', '--to', 'x'],
      /^--before must be the first day of a month, .*"2026-03-02"\n$/,
    ],
    [
      ['--before', '2026-13-01', '--to', 'x'],
      /^--before must be the first day of a month, .*"2026-13-01"\n$/,
    ],
    [
      ['--before', '9000-01-01', '--to', 'x'],
      /^--before must be the first day of a month, at the latest \d{4}-\d\d-01, /,
    ],
    [['--before', '2026-03-01'], /^archive takes these options, each once: .*\n$/],
    [['--to', 'x', '2026-03-01'], /^archive takes these options, each once: .*\n$/],
    [['--before', '2026-03-01', '--to', '/dev/null/x'], /^cannot write to the directory of --to: [^\n]*\n$/],
  ])('refuses %j in one line', async (args, line) => {
    expect(await runCommand(['archive', ...args], environment())).toMatchObject({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringMatching(line),
    });
  });

  test('takes the first day of the present month, because the month before it is closed', () => {
    const request = ['--before', '2026-03-01', '--to', 'x'];
    expect(readRequest(request, () => NOON).before).toBe('2026-03-01T00:00:00Z');
    expect(() => readRequest(request, () => NOON - 30n * DAY)).toThrow(/at the latest 2026-01-01/);
  });
});
