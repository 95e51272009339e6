/** Time-ordered ids (UUIDv7). */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES = 16;
/** The largest sequence number that UUIDv7 has room for between the millisecond and its random bits. */
const MOST_SEQUENCE = 0xffff_ffff;
const pool = Buffer.alloc(BYTES * 256);
let used = pool.length;

let latestMs = 0;
let sequence = 0;

/**
 * A UUIDv7 that is greater than every earlier one of this process. Random bytes are drawn for 256 ids at a
 * time, because a draw for each id costs more than the rest of it.
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

/** Ids of one millisecond count up from a random number in the lower half of the sequence's range. */
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
