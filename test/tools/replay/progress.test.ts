/** The progress bar. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createProgress } from '../../../tools/replay/progress.ts';

function progressOn(isTTY: boolean): string {
  const stream = new PassThrough();
  const progress = createProgress(Object.assign(stream, { isTTY, columns: 80 }) as never);
  progress.update(0, 40);
  progress.update(40, 40);
  progress.stop();
  return String(stream.read() ?? '');
}

test('shows the progress on a terminal', () => {
  expect(progressOn(true)).toContain('0/40 calls');
});

test('writes nothing to a file', () => {
  expect(progressOn(false)).toBe('');
});
