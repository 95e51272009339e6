/** Runs every oracle of a directory and reports the results. */
import { Http2SessionManager } from '@connectrpc/connect-node';
import { newId } from '../../src/values/new-id.ts';
import { openService } from '../temporary-service.ts';
import { isTrace, isVector, type OracleFile, readOracleFiles } from './oracle-files.ts';
import { createTraceClients, type TraceClients } from './trace-clients.ts';
import { checkTrace } from './traces.ts';
import { checkVector } from './vectors.ts';

export interface OracleRun {
  readonly directory: string;
  /** The service that traces go through; absent: a temporary one. */
  readonly url?: string | undefined;
  readonly print: (line: string) => void;
}

/** One check, and its name. */
interface Entry {
  readonly name: string;
  readonly entry: unknown;
}

/**
 * Prints a line for each file that is not an oracle and for each failure, and `N passed, M failed` at the end. Returns
 * whether there was an entry and none failed. Throws when the directory cannot be read, and a StartError when the
 * run's own service does not start.
 */
export async function runOracles({ directory, url, print }: OracleRun): Promise<boolean> {
  const files = await readOracleFiles(directory);
  const vectors = entriesOf(files, 'VECTORS');
  const traces = entriesOf(files, 'TRACES');
  let passed = 0;
  let failed = 0;
  const check = async (name: string, compare: () => Promise<string | null> | string | null) => {
    const difference = await outcomeOf(compare);
    if (difference === null) {
      passed += 1;
    } else {
      failed += 1;
      print(`${name}: ${difference}`);
    }
  };
  for (const { path } of files.filter(({ kind }) => kind === 'NOT_AN_ORACLE')) {
    print(`${path}: not an oracle, skipped`);
  }
  for (const { name, entry } of vectors) {
    await check(name, () => (isVector(entry) ? checkVector(entry) : 'not a vector as the others are'));
  }
  await withClients(traces.length > 0, url, async (newClients) => {
    for (const { name, entry } of traces) {
      await check(name, () =>
        isTrace(entry) ? checkTrace(entry, newClients()) : 'not a trace as the others are',
      );
    }
  });
  if (passed + failed === 0) {
    print(`no oracles found in ${directory}`);
  }
  print(`${passed} passed, ${failed} failed`);
  return passed > 0 && failed === 0;
}

/** Gives `use` a function that makes clients of new accounts; the service is started only when it is needed. */
async function withClients(
  isNeeded: boolean,
  url: string | undefined,
  use: (newClients: () => TraceClients) => Promise<void>,
): Promise<void> {
  if (!isNeeded) {
    return;
  }
  const service = await openService(url);
  const sessions = new Http2SessionManager(service.url);
  try {
    await use(() => createTraceClients(service.url, sessions, newId()));
  } finally {
    sessions.abort();
    await service.close();
  }
}

function entriesOf(files: readonly OracleFile[], kind: 'VECTORS' | 'TRACES'): Entry[] {
  return files.flatMap((file) =>
    file.kind === kind
      ? file.entries.map((entry, index) => ({
          name: `${file.path} ${nameOf(entry) ?? `#${index + 1}`}`,
          entry,
        }))
      : [],
  );
}

/** The id of a vector, the name of a trace. */
function nameOf(entry: unknown): string | undefined {
  const { id, name } = Object(entry) as { id?: string; name?: string };
  return id ?? name;
}

/** An error while an entry runs is a failure of that entry. */
async function outcomeOf(compare: () => Promise<string | null> | string | null): Promise<string | null> {
  try {
    return await compare();
  } catch (error) {
    return `cannot be run: ${error instanceof Error ? error.message : String(error)}`;
  }
}
