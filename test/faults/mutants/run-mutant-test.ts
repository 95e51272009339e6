/** Runs one test of the suite in the tree of a mutant. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What vitest's JSON reporter writes, as far as it is read here. */
interface TestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const REPORT = 'mutant-report.json';
const MOST_MS = 300_000;

/** A test that does not start, because the mutant cannot be loaded, detects nothing. */
export function runMutantTest(
  tree: string,
  { file, title }: { readonly file: string; readonly title: string },
): { readonly rule: 'TEST' | undefined; readonly detail: string } {
  const vitest = join(tree, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', file, '-t', title, '--reporter=json', `--outputFile=${REPORT}`];
  spawnSync(process.execPath, args, { cwd: tree, stdio: 'ignore', timeout: MOST_MS });
  const report = join(tree, REPORT);
  if (!existsSync(report)) {
    return { rule: undefined, detail: 'the test did not run' };
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as TestReport;
  const test = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find((each) => each.title === title);
  const [message = ''] = test?.failureMessages ?? [];
  return test?.status === 'failed'
    ? { rule: 'TEST', detail: message.split('\n', 1)[0] ?? '' }
    : { rule: undefined, detail: `the test ${test?.status ?? 'did not run'}` };
}
