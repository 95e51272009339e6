/** The clock of the process. */
import type { Clock } from './instant.ts';

/** The system's time, which follows its corrections; below the millisecond only to tell instants apart. */
export const systemClock: Clock = () =>
  BigInt(Date.now()) * 1000n + BigInt(Math.floor((performance.now() % 1) * 1000));
