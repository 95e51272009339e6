/** The campaigns whose results say that the service keeps its guarantees, one after the other, each in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ProofOptions {
  readonly seed: number;
  /** The part of each campaign that is run: 1 for all of it. */
  readonly share: number;
  readonly print: (line: string) => void;
}

const RUN = join(import.meta.dirname, 'run-faults.ts');

/** `share` of each campaign; at least one fault of each kind. */
function campaigns(share: number): readonly (readonly string[])[] {
  const count = (number: number) => Math.max(1, Math.round(number * share));
  const rate = ['--rate', '60'];
  return [
    ['--migrations'],
    ['--minutes', `${2 * share}`, '--beside', 'released', ...rate],
    ['--duplicates', `${2 * count(500)}`, '--copies', '64'],
    ['--faults', `KILL_SERVER=${count(300)}`, ...rate],
    ['--faults', `KILL_POSTMASTER=${count(100)}`, ...rate],
    ['--faults', `FAILOVER_SYNC=${count(50)},FAILOVER_ASYNC=${count(50)}`, ...rate],
    ['--minutes', `${30 * share}`, ...rate],
  ];
}

/** Prints a line for each campaign. Returns the exit code: 0 when all are SOUND. */
export async function runProof({ seed, share, print }: ProofOptions): Promise<number> {
  let failed = 0;
  for (const campaign of campaigns(share)) {
    const startedAtMs = performance.now();
    const { code, lastLine } = await runCampaign([...campaign, '--seed', `${seed}`]);
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    failed += code === 0 ? 0 : 1;
    print(
      `${code === 0 ? 'SOUND' : `FAILED (${code})`} in ${seconds} s: ${campaign.join(' ')}\n  ${lastLine}`,
    );
  }
  print(failed === 0 ? 'every campaign is SOUND' : `${failed} campaigns are not SOUND`);
  return failed === 0 ? 0 : 1;
}

/** Its last line has the counts, or why it ended. */
async function runCampaign(args: readonly string[]): Promise<{ code: number | null; lastLine: string }> {
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let lastLine = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    lastLine = line;
  });
  const [code] = await once(child, 'close');
  return { code, lastLine };
}
