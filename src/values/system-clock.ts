/** The system clock. */
import type { Clock } from './instant.ts';

/**
 * The system time, which follows clock corrections. The digits below a millisecond only tell instants apart.
 */
export const systemClock: Clock = () =>
  BigInt(Date.now()) * 1000n + BigInt(Math.floor((performance.now() % 1) * 1000));
