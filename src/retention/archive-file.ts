/** Files of the archive: a month of one account's rows as CSV, and beside it what was verified of it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import type { MonthCount, RowCount } from './archived-rows.ts';

/** What stands beside a file, as JSON. */
export interface FiledMonth extends MonthCount {
  readonly accountId: string;
  readonly table: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The archive holds personal data: only the user who runs the command may read it. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** The verified files of a month, oldest first; a file whose size is not the recorded one does not count. */
export async function listFiled(directory: string, month: string): Promise<FiledMonth[]> {
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const names = (await readdir(directory)).filter((name) => /^\d{4}-\d\d\.\d+\.json$/.test(name));
  const filed: FiledMonth[] = [];
  for (const name of names.filter((each) => each.startsWith(`${month}.`))) {
    const record: FiledMonth = JSON.parse(await readFile(join(directory, name), 'utf8'));
    const found = await stat(join(directory, record.file)).catch(() => undefined);
    if (found?.size === record.bytes) {
      filed.push(record);
    }
  }
  return filed.toSorted((a, b) => numberOf(a) - numberOf(b));
}

/** Files of one month count up: a file that was verified is never written again. */
export function numberOf({ file }: FiledMonth): number {
  return Number(file.split('.')[1]);
}

/** Writes the lines to a file that does not count yet, and returns its path once they are on the disk. */
export async function writeLines(
  directory: string,
  file: string,
  header: string,
  pages: AsyncIterable<readonly string[]>,
): Promise<string> {
  const path = join(directory, `${file}.part`);
  const handle = await open(path, 'w', FILE_MODE);
  try {
    await handle.writeFile(`${header}\n`);
    for await (const lines of pages) {
      await handle.writeFile(`${lines.join('\n')}\n`);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return path;
}

/** Reads a file from the disk with a parser of CSV: what its rows are, apart from what was to be written. */
export async function readBack(path: string): Promise<RowCount & { bytes: number; sha256: string }> {
  const whole = createHash('sha256');
  let bytes = 0;
  let rows = 0;
  let digest = 0n;
  await pipeline(
    createReadStream(path),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        whole.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    parse({ from: 2, record_delimiter: '\n', cast: (value, { quoting }) => (quoting ? value : null) }),
    async (records: AsyncIterable<readonly (string | null)[]>) => {
      for await (const values of records) {
        const line = values
          .map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`))
          .join(',');
        digest += BigInt(`0x${createHash('sha256').update(line).digest('hex').slice(0, 15)}`);
        rows += 1;
      }
    },
  );
  return { rows, digest: String(digest), bytes, sha256: whole.digest('hex') };
}

/** Makes the written file count: under its name, with its record beside it, both on the disk. */
export async function file(directory: string, part: string, record: FiledMonth): Promise<void> {
  await rename(part, join(directory, record.file));
  const path = join(directory, record.file.replace(/csv$/, 'json'));
  const handle = await open(`${path}.part`, 'w', FILE_MODE);
  try {
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.part`, path);
  for (const each of [directory, dirname(directory)]) {
    const entries = await open(each);
    await entries.sync().finally(() => entries.close());
  }
}
