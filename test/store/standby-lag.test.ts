/** The lag of a standby, from positions in the write-ahead log. */
import { expect, test } from 'vitest';
import { createStandbyLag } from '../../src/store/standby-lag.ts';

test('a standby that has replayed all that the primary had is as far behind as the question is old', () => {
  const lag = createStandbyLag();
  expect(lag.lagMs(0)).toBeUndefined();
  lag.sent(100n, 1_000);
  lag.replayed(100n);

  expect(lag.lagMs(1_200)).toBe(200);
});

test('a standby is behind by the time since it had all of the log', () => {
  const lag = createStandbyLag();
  lag.sent(100n, 1_000);
  lag.sent(200n, 2_000);
  lag.sent(300n, 3_000);
  lag.replayed(250n);
  expect(lag.lagMs(3_000)).toBe(1_000);
  lag.replayed(299n);
  expect(lag.lagMs(3_500)).toBe(1_500);
  lag.replayed(300n);
  expect(lag.lagMs(3_500)).toBe(500);
});

test('nothing is known of a standby that has replayed less than the primary ever had', () => {
  const lag = createStandbyLag();
  lag.sent(100n, 1_000);
  lag.replayed(99n);
  expect(lag.lagMs(1_000)).toBeUndefined();

  lag.replayed(100n);
  lag.forget();
  lag.replayed(500n);
  expect(lag.lagMs(1_000)).toBeUndefined();
});
