/** The command archive: writes closed months of what accounts may cease to keep into files of CSV. */
import { access, constants, mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Config } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import { type ArchivedCount, type ArchiveRequest, archive } from '../retention/archive.ts';
import { isMigrated } from '../store/migrate.ts';
import { openStore } from '../store/open-store.ts';
import { requireConfinement } from '../store/server-requirements.ts';
import { isCivilDate } from '../values/civil-date.ts';
import { type Clock, instantToText } from '../values/instant.ts';
import { systemClock } from '../values/system-clock.ts';

const USAGE = 'archive --before DATE --to DIR';

/** Prints a line for each table. Throws StartError for bad arguments, and for files that cannot be written or verified. */
export async function runArchive(config: Config, ...args: string[]): Promise<void> {
  const request = readRequest(args, systemClock);
  await requireWritable(request.directory);
  const store = await openStore(config, () => undefined);
  try {
    if (!(await isMigrated(store.database))) {
      throw new StartError('the schema lacks migrations; run migrate up');
    }
    await requireConfinement(store.database);
    const counts = await archive({ ...request, database: store.database, limits: config.limits }).catch(
      explain,
    );
    console.log(counts.map(describeCount).join('\n'));
  } finally {
    await store.close();
  }
}

/** A full disk, or a file that another user owns. */
function explain(error: NodeJS.ErrnoException): never {
  throw error.path === undefined ? error : new StartError(`cannot write the archive: ${error.message}`);
}

function describeCount({ table, files, rows, kept }: ArchivedCount): string {
  return `${table}: wrote ${rows} rows to ${files} files, verified; ${kept} files were there`;
}

/** Throws StartError. */
export function readRequest(args: readonly string[], clock: Clock): ArchiveRequest {
  const { before, to } = readOptions(args);
  const thisMonth = `${instantToText(clock()).slice(0, 7)}-01`;
  if (!isCivilDate(before) || !before.endsWith('-01') || before > thisMonth) {
    throw new StartError(
      `--before must be the first day of a month, at the latest ${thisMonth}, not "${before}"`,
    );
  }
  return { before: `${before}T00:00:00Z`, directory: to };
}

function readOptions(args: readonly string[]): { before: string; to: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { before: { type: 'string' }, to: { type: 'string' } },
    });
    if (values.before && values.to) {
      return { before: values.before, to: values.to };
    }
  } catch {
    // Refused below, as other bad options are.
  }
  throw new StartError(`archive takes these options, each once: ${USAGE}; not "${args.join(' ')}"`);
}

async function requireWritable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK);
  } catch (error) {
    throw new StartError(`cannot write to the directory of --to: ${(error as Error).message}`);
  }
}
