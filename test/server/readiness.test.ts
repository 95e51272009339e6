/** What counts as ready. */
import { expect, onTestFinished, test } from 'vitest';
import { watchReadiness } from '../../src/server/readiness.ts';

/** Watches `isReady` and collects the answers. */
async function watch(isReady: () => Promise<boolean>) {
  const answers: boolean[] = [];
  const readiness = await watchReadiness(isReady, 10, (ready) => answers.push(ready));
  onTestFinished(() => readiness.stop());
  return { readiness, answers };
}

test('is asked before anything else, and again and again', async () => {
  let ready = false;
  const { readiness, answers } = await watch(async () => ready);
  expect(answers).toEqual([false]);
  ready = true;
  await expect.poll(() => readiness.ready()).toBe(true);
  ready = false;
  await expect.poll(() => readiness.ready()).toBe(false);
});

test.each<[string, () => Promise<boolean>]>([
  ['fails', () => Promise.reject(new Error('connection refused'))],
  [
    'throws',
    () => {
      throw new Error('no pool');
    },
  ],
  ['is not answered', () => new Promise(() => {})],
])('a question that %s means no', async (_, isReady) => {
  const { readiness } = await watch(isReady);
  expect(readiness.ready()).toBe(false);
});

test('is not asked any more once stopped', async () => {
  let asked = 0;
  const { readiness, answers } = await watch(async () => {
    asked += 1;
    if (asked === 3) {
      readiness.stop();
    }
    return true;
  });
  await expect.poll(() => asked).toBe(3);
  await expect.poll(() => answers.length).toBe(2);
});
