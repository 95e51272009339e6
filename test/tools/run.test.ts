/** The script behind npm start, on an installation that npm made without running scripts. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '..', '..', 'tools', 'run.sh');

let clone: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'progression-run-'));
  onTestFinished(() => rmSync(clone, { recursive: true }));
});

function run(path = dirname(process.execPath)) {
  const { status, stdout, stderr } = spawnSync('sh', [SCRIPT, 'serve', 'now'], {
    ...{ cwd: clone, encoding: 'utf8' },
    env: { PATH: `${path}:/usr/bin:/bin` },
  });
  return { status, stdout, stderr };
}

test('a clone without packages is told how they come', () => {
  expect(run()).toEqual({
    ...{ status: 1, stdout: '' },
    stderr:
      'node_modules is missing: with ignore-scripts=true npm does not install it before a start; run npm ci\n',
  });
});

test('a Node that is too old is told from which command the right one comes', () => {
  mkdirSync(join(clone, 'node_modules'));
  const old = join(clone, 'old');
  mkdirSync(old);
  writeFileSync(join(old, 'node'), '#!/bin/sh\n[ "$1" = --version ] && echo v20.20.2 || exit 1\n', {
    mode: 0o755,
  });

  expect(run(old)).toEqual({
    ...{ status: 1, stdout: '' },
    stderr: 'Node 24 is needed, and this is v20.20.2: npm rebuild --ignore-scripts=false node installs one\n',
  });
});

test('the command gets its arguments', () => {
  mkdirSync(join(clone, 'node_modules'));
  mkdirSync(join(clone, 'src'));
  writeFileSync(join(clone, 'src', 'main.ts'), 'console.log(process.argv.slice(2) satisfies string[]);');

  expect(run()).toMatchObject({ status: 0, stdout: "[ 'serve', 'now' ]\n" });
});
