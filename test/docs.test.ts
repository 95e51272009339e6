/** The documentation: shell blocks run, and tables are complete. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOG_PROGRAMS } from '../src/catalog/canonical/catalog.ts';
import { SETTINGS } from '../src/config/known-variables.ts';
import { SETTABLE_LIMITS } from '../src/config/settable-limits.ts';
import { ERROR_TABLE, type ErrorRow } from '../src/errors/error-table.ts';
import { LOG_FORMATS } from '../src/training-logs/formats/log-formats.ts';
import { hasPythonPackages } from './interop/python.ts';
import { hasCommand } from './support/commands.ts';
import { docPages, outputContradiction, type ShellBlock, shellBlocksOf } from './support/doc-blocks.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = docPages(ROOT);
const START = 'npm start';
const SERVED_AT = 'localhost:8080';
/** All of them together, on a busy machine. */
const SHELL_BLOCKS_MS = 240_000;

/** Programs that blocks use and a machine may not have, by their names in the blocks. */
const TOOLS: readonly [pattern: RegExp, name: string, isThere: () => boolean][] = [
  [/^openssl |^ +openssl /m, 'openssl', () => hasCommand('openssl')],
  [/^(call|curl) /m, 'curl', () => hasCommand('curl')],
  [/^grpcurl /m, 'grpcurl', () => hasCommand('grpcurl')],
  [/\/usr\/bin\/python3 /, 'python3-grpcio and python3-grpc-tools', hasPythonPackages],
];

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly isComplete: boolean;
}

describe('shell blocks', () => {
  let service: ChildProcess;
  let address: string;
  let directory: string;
  const ran = new Map<ShellBlock, Ran>();
  const pages = PAGES.map((page) => ({ page, blocks: runnableBlocksOf(page) })).filter(
    ({ blocks }) => blocks.length > 0,
  );

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'progression-docs-'));
    ({ service, address } = await startAsTheReadmeSays(directory));
    for (const { blocks } of pages) {
      await runInOneShell(blocks, address, directory, ran);
    }
  }, SHELL_BLOCKS_MS);
  afterAll(async () => {
    service?.kill('SIGTERM');
    if (service?.exitCode === null) {
      await once(service, 'exit');
    }
    rmSync(directory, { recursive: true, force: true });
  });

  test('the first command of the README starts the service', () => {
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  const cases = pages.flatMap(({ page, blocks }) =>
    blocks.map((block) => ({ name: `${page}:${block.line}`, block, lacks: missingToolOf(block) })),
  );
  for (const { name, block, lacks } of cases) {
    test.skipIf(lacks)(lacks ? `${name} (needs ${lacks})` : name, () => {
      const { stdout, stderr, isComplete } = ran.get(block) ?? expect.unreachable('a block before it failed');
      expect(isComplete, `it failed, after saying: ${stdout}${stderr}`).toBe(true);
      expect(outputContradiction(block, stdout)).toBeNull();
    });
  }
});

/** All but the first, which starts the service that the others call. */
function runnableBlocksOf(page: string): ShellBlock[] {
  return shellBlocksOf(join(ROOT, page)).filter(({ script }) => script.trim() !== START);
}

function missingToolOf({ script }: ShellBlock): string | undefined {
  return TOOLS.find(([pattern, , isThere]) => pattern.test(script) && !isThere())?.[1];
}

/** Skips the installation, which has been done, because this test runs. */
async function startAsTheReadmeSays(directory: string): Promise<{ service: ChildProcess; address: string }> {
  const [first] = shellBlocksOf(join(ROOT, 'README.md'));
  expect(first?.script.trim()).toBe(START);
  const service = spawn('npm', ['start', '--ignore-scripts'], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', DATA_DIR: directory, DATABASE_URL: '', LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: service.stdout })) {
    const address = /^ready on http:\/\/(\S+) /.exec(line)?.[1];
    if (address) {
      return { service, address };
    }
  }
  throw new Error('npm start ended before it was ready');
}

const MARK = '\u001e';

/** Runs a page's blocks one after the other in one shell, as a reader pastes them; ends with the first that fails. */
async function runInOneShell(
  blocks: readonly ShellBlock[],
  address: string,
  directory: string,
  ran: Map<ShellBlock, Ran>,
): Promise<void> {
  const present = blocks.filter((block) => !missingToolOf(block));
  const scripts = present.map(({ script }) => `${script.replaceAll(SERVED_AT, address)}\nmark\n`);
  // As the reader's shell has it, without what npm adds for its scripts: Node is that of the machine.
  const PATH = `${process.env.PATH}`.split(':').filter((each) => !each.endsWith('node_modules/.bin'));
  const env = { ...process.env, PATH: PATH.join(':'), TMPDIR: directory, npm_config_ignore_scripts: 'true' };
  const shell = execFile('bash', ['-euo', 'pipefail'], { cwd: ROOT, env, timeout: 60_000 });
  shell.stdin?.end(`mark() { printf '${MARK}'; printf '${MARK}' >&2; }\n${scripts.join('')}`);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    shell[name]?.on('data', (text) => {
      printed[name] += text;
    });
  }
  await once(shell, 'close');
  const [stdouts, stderrs] = [printed.stdout.split(MARK), printed.stderr.split(MARK)];
  for (const [index, block] of present.slice(0, stdouts.length).entries()) {
    const isComplete = index < stdouts.length - 1;
    ran.set(block, { stdout: `${stdouts[index]}`, stderr: `${stderrs[index]}`, isComplete });
  }
}

describe('tables', () => {
  test('docs/errors.md has each reason, once, with its code and delay', () => {
    const rows = [
      ...read('docs/errors.md').matchAll(/^\| `(\w+)` +\| `(\w+)` +\|.*\| +(?:(\d+) ms +)?\|$/gm),
    ];
    const documented = rows.map(([, reason, code, delayMs]) => ({
      reason,
      code,
      delayMs: Number(delayMs ?? 0),
    }));
    const actual = Object.entries<ErrorRow>(ERROR_TABLE).map(([reason, { code, retryDelayMs }]) => ({
      reason,
      code: status[code],
      delayMs: retryDelayMs ?? 0,
    }));
    expect(documented.toSorted(byReason)).toEqual(actual.toSorted(byReason));
  });

  test('docs/configuration.md has each environment variable that is no limit, docs/limits.md each that is one', () => {
    const [table = ''] = read('docs/configuration.md').split('\n## ');
    const documented = [...table.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name);
    expect(documented.toSorted()).toEqual(SETTINGS.toSorted());

    const limits = [
      ...read('docs/limits.md').matchAll(/^\| `([A-Z_]+)` +\| `(\w+)` +\| ([\d,]+) to ([\d,]+)/gm),
    ];
    expect(limits.map(([, ...row]) => row)).toEqual(
      SETTABLE_LIMITS.map(({ variable, limit, least, most }) => [
        variable,
        limit,
        least.toLocaleString('en-US'),
        most.toLocaleString('en-US'),
      ]),
    );
  });

  test('each variable that the configuration reads is known', () => {
    const source = globSync('src/config/*.ts', { cwd: ROOT }).map(read).join('');
    const used = [
      ...source.matchAll(/environment\.([A-Z_]+)|\(\s*environment,\s*'([A-Z_]+)'(?:,\s*'([A-Z_]+)')?/g),
    ].flatMap(([, direct, checked, file]) => [direct ?? checked ?? [], file ?? []].flat());
    expect([...new Set(used)].toSorted()).toEqual(SETTINGS.toSorted());
  });

  test('docs/training-logs.md has each format with the columns that it is recognised by', () => {
    const rows = [...read('docs/training-logs.md').matchAll(/^\| ([\w ]+?) +\| (`.*?) +\|/gm)];
    const documented = rows.map(([, name, columns]) => {
      return { name, columns: [...`${columns}`.matchAll(/`([^`#]+)`/g)].map(([, column]) => column) };
    });
    const actual = LOG_FORMATS.map(({ name, columns }) => ({ name, columns }));
    expect(documented).toEqual(actual);
  });

  test('docs/programs.md has a section for each program of the catalogue', () => {
    const sections = [...read('docs/programs.md').matchAll(/^## (.+)$/gm)].map(([, title]) => `${title}`);
    const missing = CATALOG_PROGRAMS.filter(({ name }) => !sections.some((title) => name.startsWith(title)));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test('each npm script that a page names exists', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const text = PAGES.map(read).join('\n');
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => `${name}`);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

function byReason(a: { reason?: string }, b: { reason?: string }): number {
  return `${a.reason}`.localeCompare(`${b.reason}`);
}
