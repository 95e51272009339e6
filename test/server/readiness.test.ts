/** What counts as ready. */
import { expect, onTestFinished, test } from 'vitest';
import { type ReadinessLimits, watchReadiness } from '../../src/server/health.ts';

const LIMITS = { readinessIntervalMs: 10, readinessFailures: 1, readinessSuccesses: 1 };

/** Watches `isReady` and collects what holds after each answer. */
async function watch(isReady: () => Promise<boolean>, limits: Partial<ReadinessLimits> = {}) {
  const answers: boolean[] = [];
  const readiness = await watchReadiness(isReady, { ...LIMITS, ...limits }, (ready) => answers.push(ready));
  onTestFinished(() => readiness.stop());
  return { readiness, answers };
}

test('readiness is checked at the start, and then at intervals', async () => {
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
])('a check that %s counts as not ready', async (_, isReady) => {
  const { readiness } = await watch(isReady);
  expect(readiness.ready()).toBe(false);
});

test('the first answer counts at once, and later ones only when several in a row agree', async () => {
  const said = [true, false, false, true, false, false, false, true, false, true, true];
  const remaining = [...said];

  const { answers, readiness } = await watch(async () => remaining.shift() ?? true, {
    readinessFailures: 3,
    readinessSuccesses: 2,
  });
  await expect.poll(() => remaining.length).toBe(0);
  await expect.poll(() => answers.length).toBeGreaterThanOrEqual(said.length);
  readiness.stop();

  const held = [true, true, true, true, true, true, false, false, false, false, true];
  expect(answers.slice(0, said.length)).toEqual(held);
});

test('readiness is not checked after it was stopped', async () => {
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
