/** The command as people and scripts run it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SKIPPED_VECTOR, VECTOR, withDirectory } from './oracles/oracle-entries.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'tools', 'oracles.ts');

function oracles(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

test('oracles that pass end the command with 0 and the summary', async () => {
  const ended = await withDirectory({ 'a.json': [VECTOR, SKIPPED_VECTOR] }, oracles);
  expect(ended).toEqual({ code: 0, stdout: '2 passed, 0 failed\n', stderr: '' });
});

test('an oracle that fails ends it with 1, and so does finding none', async () => {
  const wrong = { ...VECTOR, expect: { ...VECTOR.expect, delta: 3 } };
  const failed = await withDirectory({ 'a.json': [VECTOR, wrong] }, oracles);
  expect(failed).toMatchObject({
    code: 1,
    stdout: 'a.json v-1: expected delta 3, got 2.5\n1 passed, 1 failed\n',
  });
  expect(await withDirectory({}, oracles)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^no oracles found in .*\n0 passed, 0 failed\n$/),
  });
});

test('a missing directory is reported in one line', async () => {
  const { code, stdout, stderr } = await oracles('/no/such/place');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^ENOENT: .*\/no\/such\/place'\n$/);
});

test.each([[[]], [['a', 'b']], [['a', '--loud']], [['a', '--url']]])(
  'arguments %j are answered with the usage',
  async (args) => {
    const ended = await oracles(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^usage: npm run oracles -- DIRECTORY/);
  },
);
