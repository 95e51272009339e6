/** The command oracles: compares the rules and the served API with recorded results of other implementations. */
import { parseArgs } from 'node:util';
import { StartError } from '../src/errors/start-error.ts';
import { runOracles } from './oracles/run-oracles.ts';

const USAGE = `usage: npm run oracles -- DIRECTORY [--url URL]

Runs every vector and trace in the JSON files of DIRECTORY. Traces go through the service at URL, or through one that
is started for them and leaves nothing behind.
`;

async function run(args: string[]): Promise<number> {
  const { directory, url } = readArguments(args);
  if (directory === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    return (await runOracles({ directory, url, print })) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    return 1;
  }
}

function readArguments(args: string[]): { directory?: string | undefined; url?: string | undefined } {
  try {
    const { positionals, values } = parseArgs({
      args,
      options: { url: { type: 'string' } },
      allowPositionals: true,
    });
    return positionals.length === 1 ? { directory: positionals[0], url: values.url } : {};
  } catch {
    return {};
  }
}

/** Prints expected errors in one line, and other errors, which are defects, with their stack. */
function describeFailure(error: unknown): string {
  if (error instanceof StartError || (error instanceof Error && 'syscall' in error)) {
    return error.message;
  }
  return error instanceof Error ? `${error.stack}` : String(error);
}

process.exit(await run(process.argv.slice(2)));
