/** Writes what accounts may cease to keep into files, and verifies each file against the database. */
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Limits } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import type { Database } from '../store/database.ts';
import { type FiledMonth, file, listFiled, numberOf, readBack, writeLines } from './archive-file.ts';
import {
  ARCHIVED_TABLES,
  type ArchivedTable,
  type MonthCount,
  openAccountRows,
  type RowCount,
} from './archived-rows.ts';

export interface ArchiveRequest {
  /** The first day of a month, `YYYY-MM-DD`: the months before it are archived. */
  readonly before: string;
  readonly directory: string;
}

export interface ArchivedCount {
  readonly table: string;
  /** Files that this run wrote, and their rows. */
  readonly files: number;
  readonly rows: number;
  /** Files that an earlier run wrote, of rows that have not changed since. */
  readonly kept: number;
}

interface Archiving extends ArchiveRequest {
  readonly database: Database;
  readonly limits: Limits;
}

/**
 * The months of each account in files of their own, in the order of the tables. It may be interrupted and repeated: a month
 * whose rows have a verified file is skipped, and one whose rows changed since gets a further file beside it. Removes nothing.
 * Throws StartError for a file that cannot be verified.
 */
export async function archive(archiving: Archiving): Promise<ArchivedCount[]> {
  const accountIds = await archiving.database.acrossAccounts(async (db) => {
    const { rows } = await sql<{ id: string }>`select id from accounts order by id`.execute(db);
    return rows.map(({ id }) => id);
  });
  const counts: ArchivedCount[] = [];
  for (const table of ARCHIVED_TABLES) {
    const count = { table: table.name, files: 0, rows: 0, kept: 0 };
    for (const accountId of accountIds) {
      for (const month of await countMonths(archiving, accountId, table)) {
        const written = await archiveMonth(archiving, accountId, table, month);
        count.files += written ? 1 : 0;
        count.rows += written?.rows ?? 0;
        count.kept += written ? 0 : 1;
      }
    }
    counts.push(count);
  }
  return counts;
}

function countMonths({ database, before }: Archiving, accountId: string, table: ArchivedTable) {
  return database.transaction(accountId, async (tx) =>
    (await openAccountRows(tx, table)).countMonths(before),
  );
}

/** Rows may change while they are written, by a replay or an erasure. */
const TRIES = 3;

/** Undefined: the month has a file of these rows already. */
async function archiveMonth(
  archiving: Archiving,
  accountId: string,
  table: ArchivedTable,
  counted: MonthCount,
): Promise<FiledMonth | undefined> {
  const { month } = counted;
  const directory = join(archiving.directory, accountId, table.name);
  const last = (await listFiled(directory, month)).at(-1);
  if (last && isSame(last, counted)) {
    return undefined;
  }
  const name = `${month}.${last ? numberOf(last) + 1 : 1}.csv`;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const part = await writeMonth(archiving, { accountId, table, month, directory, name });
    const found = await readBack(part);
    // Counted after the file was written: what it lacks is found.
    const expected = await archiving.database.transaction(accountId, async (tx) =>
      (await openAccountRows(tx, table)).countMonth(month),
    );
    if (isSame(found, expected)) {
      const record = { accountId, table: table.name, month, file: name, ...found };
      await file(directory, part, record);
      return record;
    }
  }
  throw new StartError(
    `${join(directory, name)} does not have the rows of the database after ${TRIES} tries; archive again`,
  );
}

interface Month {
  readonly accountId: string;
  readonly table: ArchivedTable;
  readonly month: string;
  readonly directory: string;
  readonly name: string;
}

function writeMonth(
  { database, limits }: Archiving,
  { accountId, table, month, directory, name }: Month,
): Promise<string> {
  return database.transaction(accountId, async (tx) => {
    const { header, read } = await openAccountRows(tx, table);
    return writeLines(directory, name, header, read(month, limits.archivedPageRows));
  });
}

function isSame(one: RowCount, other: RowCount): boolean {
  return one.rows === other.rows && one.digest === other.digest;
}
