/** Random calls to a server, one after the other, until a time; and those that met a defect. */
import type { DescMethod } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { createRandom } from '../faults/seeded-random.ts';
import { createFuzzer, type FuzzedCall } from './fuzzed-call.ts';

export interface FuzzCampaign {
  readonly url: string;
  readonly methods: readonly DescMethod[];
  readonly seed: number;
  readonly durationMs: number;
  readonly calls: number;
  /** The lines of the server's log that tell of defects; it grows meanwhile. */
  readonly errors: readonly string[];
  readonly print: (line: string) => void;
}

const DEFECTS: ReadonlySet<Code | undefined> = new Set([Code.Internal, Code.Unknown, Code.DataLoss]);
const MOST_KNOWN = 500;
const MOST_FINDINGS = 20;

/** Returns how many calls met a defect, after printing each with what it sent and what the log says of it. */
export async function runFuzzCampaign(campaign: FuzzCampaign): Promise<number> {
  const { url, methods, errors, print } = campaign;
  const random = createRandom(campaign.seed);
  const callOnce = createFuzzer(url, methods);
  const known: string[] = [];
  const counts = new Map<string, number>();
  const untilMs = performance.now() + campaign.durationMs;
  let findings = 0;
  let calls = 0;
  while (performance.now() < untilMs && calls < campaign.calls && findings < MOST_FINDINGS) {
    const errorsBefore = errors.length;
    const call = await callOnce(random, known);
    const outcome = call.code === undefined ? 'OK' : Code[call.code];
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    learn(known, call.answer, calls);
    if (DEFECTS.has(call.code) || errors.length > errorsBefore) {
      findings += 1;
      report(call, calls, errors.slice(errorsBefore), print);
    }
    calls += 1;
  }
  print(`${calls} calls, ${findings} defects: ${[...counts].map((each) => each.join(' ')).join(', ')}`);
  return findings;
}

/** Keeps texts of an answer, so that later calls name what exists. */
function learn(known: string[], answer: string, calls: number): void {
  for (const [, text] of answer.matchAll(/"([^"\\]{1,200})"[,}\]]/g)) {
    const isFull = known.length >= MOST_KNOWN;
    known[isFull ? (calls * 7919 + `${text}`.length) % MOST_KNOWN : known.length] = `${text}`;
  }
}

function report(
  { method, encoding, request, code }: FuzzedCall,
  index: number,
  errors: readonly string[],
  print: (line: string) => void,
): void {
  const outcome = code === undefined ? 'OK' : Code[code];
  print(`call ${index}: ${method.parent.typeName}/${method.name} by ${encoding}: ${outcome}`);
  print(`  request ${request}`);
  for (const error of errors) {
    print(`  ${error.trim()}`);
  }
}
