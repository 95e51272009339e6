/** Time-ordered ids. */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES = 16;
/** What UUIDv7 leaves room for behind the millisecond, before its random bits. */
const MOST_SEQUENCE = 0xffff_ffff;
const pool = Buffer.alloc(BYTES * 256);
let used = pool.length;

let latestMs = 0;
let sequence = 0;

/**
 * A UUIDv7, greater than every one before it in this process. Randomness is drawn for many ids at a time: one at a
 * time it costs more than all the rest of an id.
 */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + BYTES);
  used += BYTES;
  advance(random.readUInt32BE());
  return v7({ random, msecs: latestMs, seq: sequence });
}

/** The ids of a millisecond count up from a number in the lower half of what there is room for. */
function advance(random: number): void {
  const now = Date.now();
  if (now > latestMs) {
    latestMs = now;
    sequence = random >>> 1;
  } else if (sequence === MOST_SEQUENCE) {
    latestMs += 1;
    sequence = 0;
  } else {
    sequence += 1;
  }
}
