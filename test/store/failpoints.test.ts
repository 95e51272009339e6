/** Failpoints do nothing unless armed, and each one is called in the source. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

let failpoints: typeof import('../../src/store/failpoints.ts');
beforeEach(async () => {
  vi.resetModules();
  failpoints = await import('../../src/store/failpoints.ts');
});

test('a point that is not armed neither calls anything nor flushes', async () => {
  const flush = vi.fn();

  failpoints.failpoint('unit-locked');
  await failpoints.failpointBeforeCommit('unit-flushed', { em: { flush } });

  expect(flush).not.toHaveBeenCalled();
});

test('an armed point is called when it is reached; a point before a commit, after the flush', async () => {
  const told: string[] = [];
  failpoints.armFailpoints((point) => told.push(point));

  failpoints.failpoint('unit-locked');
  await failpoints.failpointBeforeCommit('unit-flushed', {
    em: { flush: async () => void told.push('flush') },
  });

  expect(told).toEqual(['unit-locked', 'flush', 'unit-flushed']);
});

test('each point is called in the source', () => {
  const source = globSync('src/**/*.ts', { cwd: ROOT, exclude: ['src/store/failpoints.ts'] })
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n');
  const placed = [...source.matchAll(/\bfailpoint(?:BeforeCommit)?\('([a-z-]+)'/g)].map(([, name]) => name);

  expect(new Set(placed)).toEqual(new Set(failpoints.FAILPOINTS));
});

describe('FAILPOINTS', () => {
  const start = (text: string) =>
    spawnSync(
      process.execPath,
      ['--import', join(ROOT, 'test/faults/server-preload.ts'), '--eval', 'process.exit(0)'],
      { env: { ...process.env, FAILPOINTS: text }, encoding: 'utf8' },
    );

  test.each(['unit-locked:kill', 'unit-locked:kill@0.5,relay-added:kill'])(
    'a process starts with %s',
    (text) => {
      expect(start(text).status).toBe(0);
    },
  );

  test.each(['unit-locked', 'nowhere:kill', 'unit-locked:kill@2', 'unit-locked:sleep'])(
    'a process does not start with %s',
    (text) => {
      const { status, stderr } = start(text);

      expect(status).toBe(1);
      expect(stderr).toContain(`FAILPOINTS is invalid: ${text}`);
    },
  );
});
