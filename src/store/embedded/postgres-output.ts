/** Parses the output of a PostgreSQL program: readiness, exit code and last error. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface FollowedProcess {
  readonly child: ChildProcess;
  /** True when the server accepts connections; false when it ended before. */
  readonly ready: Promise<boolean>;
  /** The exit code; null when it was killed or could not be started. */
  readonly exitCode: Promise<number | null>;
  /** The last error in its output, else its last line. */
  lastWords(): string;
}

const READY = 'database system is ready to accept connections';

/** Passes every line to `log`. */
export function followProcess(child: ChildProcess, log: (line: string) => void): FollowedProcess {
  let lastLine = 'it printed nothing';
  let complaint: string | undefined;
  let announceReady: (ready: boolean) => void;
  const ready = new Promise<boolean>((resolve) => {
    announceReady = resolve;
  });
  for (const input of [child.stdout, child.stderr]) {
    if (input) {
      createInterface({ input }).on('line', (line) => {
        log(line);
        lastLine = line.trim() || lastLine;
        complaint = /(?:FATAL|PANIC|error): +(.*)/.exec(line)?.[1] ?? complaint;
        if (line.includes(READY)) {
          announceReady(true);
        }
      });
    }
  }
  const exitCode = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      complaint = error.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  exitCode.then(() => announceReady(false));
  return { child, ready, exitCode, lastWords: () => complaint ?? lastLine };
}
