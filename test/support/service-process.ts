/** Runs the service's commands as separate processes, as an operator would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ServiceProcess {
  readonly child: ChildProcess;
  /** The first line on standard output when it is ready, or the output until its end. */
  readonly firstLine: Promise<string>;
  readonly ended: Promise<Ended>;
}

const MAIN = join(ROOT, 'src', 'main.ts');

/** Starts `node src/main.ts`; the environment is this one's with `environment` on top, on any free port. */
export function startCommand(
  args: readonly string[],
  environment: Record<string, string>,
  main = MAIN,
): ServiceProcess {
  return startProcess(process.execPath, [main, ...args], environment);
}

/** Starts the service by `npm start`, without the installation that comes before it. */
export function startNpm(environment: Record<string, string>): ServiceProcess {
  return startProcess('npm', ['start', '--silent', '--ignore-scripts'], environment);
}

function startProcess(
  command: string,
  args: readonly string[],
  environment: Record<string, string>,
): ServiceProcess {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', LOG_LEVEL: 'silent', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stderr?.on('data', (chunk) => {
    printed.stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...printed }));
  const firstLine = new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk) => {
      printed.stdout += chunk;
      if (printed.stdout.includes('\n')) {
        resolve(`${printed.stdout.split('\n')[0]}`);
      }
    });
    ended.then(({ stdout }) => resolve(stdout));
  });
  return { child, firstLine, ended };
}

/** Runs a command to its end. */
export function runCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  return startCommand(args, environment).ended;
}

/** The URL in a ready line. */
export function urlIn(readyLine: string): string {
  const url = /^ready on (https?:\/\/\S+) /.exec(readyLine)?.[1];
  if (!url) {
    throw new Error(`not a ready line: ${readyLine}`);
  }
  return url;
}
