/** Action split: divides the athletes into shares. */
import { createHash } from 'node:crypto';
import type { ActionType, Step } from './step.ts';

export const split: ActionType<'split'> = {
  kind: 'CHOICE',
  async choose(_, step, { paths }) {
    const point = percentileOf(step);
    let end = 0;
    for (const { name, percent } of paths) {
      end += percent;
      if (point < end) {
        return name;
      }
    }
    throw new TypeError('the percentages of a split are not 100 together');
  },
};

const RANGE = 2 ** 32;

/** From 0 to under 100: the same for each run of the athlete, and independent of other splits. */
function percentileOf({ workflowId, userId, name, path }: Step): number {
  const digest = createHash('sha256')
    .update(`${workflowId}:${name || path}:${userId}`)
    .digest();
  return (digest.readUInt32BE(0) / RANGE) * 100;
}
