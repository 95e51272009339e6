/** Recorded results of other implementations, when they are next to the checkout. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runOracles } from '../tools/oracles/run-oracles.ts';
import { startTestService } from './support/test-service.ts';

const DIRECTORY = join(import.meta.dirname, '..', '..', 'shared', 'oracles');

test('every recorded vector and trace holds', { timeout: 120_000 }, async ({ skip }) => {
  skip(!existsSync(DIRECTORY), 'there is no folder ../shared/oracles beside this checkout');
  const service = await startTestService();
  try {
    const lines: string[] = [];
    const isWell = await runOracles({
      directory: DIRECTORY,
      url: service.url,
      print: (line) => lines.push(line),
    });
    expect(lines.filter((line) => !line.endsWith('skipped'))).toEqual([
      expect.stringMatching(/^[1-9]\d* passed, 0 failed$/),
    ]);
    expect(isWell).toBe(true);
  } finally {
    await service.close();
  }
});
