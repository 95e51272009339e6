/** Runs a load in a process of its own, so that it shares only the processors with the measuring process. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SESSION_LIFTS } from './fixture.ts';
import type { LoadOrder, LoadResult } from './load.ts';

/** How long a load may take to start, and to receive its last answers. */
const PATIENCE_MS = 60_000;

const run = promisify(execFile);

/** Default of an order: single finished sessions of the athletes in turn, for ten seconds. */
export async function runLoad(
  order: Pick<LoadOrder, 'url' | 'users'> & Partial<LoadOrder>,
): Promise<LoadResult> {
  const whole: LoadOrder = {
    method: 'HandleSessionComplete',
    pace: { inFlight: 1 },
    stride: 1,
    lifts: SESSION_LIFTS,
    eventsPerCall: 1,
    warmUpMs: 3_000,
    measureMs: 10_000,
    ...order,
  };
  const { stdout } = await run(
    process.execPath,
    [join(import.meta.dirname, 'load.ts'), JSON.stringify(whole)],
    {
      timeout: whole.warmUpMs + whole.measureMs + PATIENCE_MS,
    },
  );
  const result: LoadResult = JSON.parse(stdout);
  if (result.calls === 0) {
    throw new Error(`no call was answered within ${whole.measureMs} ms`);
  }
  return result;
}
