/** The command replay: sends a real training log to the service, and shows what it would have prescribed. */
import { constants } from 'node:os';
import { ConnectError } from '@connectrpc/connect';
import { stopRequested } from '../src/commands/stop-requested.ts';
import { StartError } from '../src/errors/start-error.ts';
import { systemClock } from '../src/values/system-clock.ts';
import { type ReplayArguments, readArguments, USAGE } from './replay/arguments.ts';
import { createProgress } from './replay/progress.ts';
import { readBytes, readLogFile, readMappingFile } from './replay/read-files.ts';
import { ReplayError } from './replay/refusal.ts';
import { type ReplayRequest, replayLog } from './replay/replay-log.ts';
import { createServiceClients, describeCallFailure } from './replay/service-clients.ts';
import { printable } from './replay/text-layout.ts';
import { openService } from './temporary-service.ts';

async function run(args: string[], stop: Promise<'SIGTERM' | 'SIGINT'>): Promise<number> {
  try {
    const request = readArguments(args);
    if (!request) {
      return await print(USAGE);
    }
    const log = await readLogFile(request, systemClock());
    const mapping =
      request.mappingFile === undefined ? new Map() : await readMappingFile(request.mappingFile);
    const { programSlug, isDryRun } = request;
    return await replay(request, { log, mapping, programSlug, isDryRun }, stop);
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    return 1;
  }
}

/** Steps before a stop are kept; a second run continues after them. */
async function replay(
  { url, tokenFile }: ReplayArguments,
  request: Omit<ReplayRequest, 'clients' | 'onProgress'>,
  stop: Promise<'SIGTERM' | 'SIGINT'>,
): Promise<number> {
  const token = tokenFile && (await readBytes(tokenFile)).toString().trim();
  const service = await openService(url);
  const clients = createServiceClients(service.url, token);
  const progress = createProgress(process.stderr);
  try {
    const report = replayLog({ ...request, clients, onProgress: progress.update });
    const outcome = await Promise.race([report, stop]);
    progress.stop();
    return typeof outcome === 'string'
      ? 128 + constants.signals[outcome]
      : await print(`${outcome.join('\n')}\n`);
  } catch (error) {
    throw error instanceof ConnectError ? new ReplayError(describeCallFailure(error, service.url)) : error;
  } finally {
    progress.stop();
    clients.close();
    await service.close();
  }
}

/** Waits until the text is written, because the process ends right after. */
async function print(text: string): Promise<0> {
  await new Promise((resolve) => process.stdout.write(text, resolve));
  return 0;
}

/** Prints expected errors in one line, and other errors, which are defects, with their stack. */
function describeFailure(error: unknown): string {
  if (error instanceof ReplayError || error instanceof StartError) {
    return printable(error.message);
  }
  return error instanceof Error ? `${error.stack}` : String(error);
}

process.exit(await run(process.argv.slice(2), stopRequested()));
