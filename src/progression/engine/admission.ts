/** Admission control of the trigger queue: predicts how long a newcomer waits, and refuses it when that is too long. */
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';

export type QueueLimit = 'queuedEvents' | 'queueWaitMs';

export type AdmissionLimits = Pick<Limits, QueueLimit | 'groupedEvents' | 'concurrentGroups'>;

/** What waits. Times are those of one clock, in milliseconds. */
export interface QueueLoad {
  /** Commands that wait, for a group or for a transaction of their own. */
  readonly waiting: number;
  /** Those that a group could take: what waits behind its own athlete says nothing of how busy the service is. */
  readonly ready: number;
  /** Whether one of those has been ready since before then. */
  hasReadySince(beforeMs: number): boolean;
  /** Since when the first command is ready that waits for a transaction of its own; undefined: none does. */
  readonly aloneSinceMs: number | undefined;
}

export interface Newcomer {
  /** How long its caller waits. */
  readonly timeoutMs: number;
  /** Whether it needs a transaction of its own. */
  readonly isValidateOnly: boolean;
}

export interface Admission {
  /** The limit for which a newcomer is refused; undefined: it is let in. */
  exceededLimit(load: QueueLoad, newcomer: Newcomer, nowMs: number): QueueLimit | undefined;
  /** The refusal for a limit: OVERLOADED, which says that nothing was started. */
  refusalFor(limit: QueueLimit): DomainError;
  /** A group took so many commands, and left others that are ready, or none. */
  groupBegan(events: number, isAnyReady: boolean, nowMs: number): void;
}

/** So many rounds of full groups may wait for as long as their callers do: about as much as three batches have waiting. */
const ROUNDS = 3;

export function createAdmission(limits: AdmissionLimits): Admission {
  const { queuedEvents, queueWaitMs, concurrentGroups, groupedEvents } = limits;
  const rate = createServiceRate();

  return {
    exceededLimit({ waiting, ready, hasReadySince, aloneSinceMs }, { timeoutMs, isValidateOnly }, nowMs) {
      if (waiting >= queuedEvents) {
        return 'queuedEvents';
      }
      // The other half of the time is for the work itself.
      const usefulMs = Math.max(0, timeoutMs) / 2;
      const boundedMs = Math.min(queueWaitMs, usefulMs);
      const mostMs = ready < ROUNDS * concurrentGroups * groupedEvents ? usefulMs : boundedMs;
      const isTooLong =
        rate.waitMs(ready) > mostMs ||
        hasReadySince(nowMs - mostMs) ||
        (isValidateOnly && aloneSinceMs !== undefined && aloneSinceMs < nowMs - boundedMs);
      return isTooLong ? 'queueWaitMs' : undefined;
    },
    refusalFor(limit) {
      const metadata = { limit, most: String(limits[limit]) };
      return new DomainError('OVERLOADED', 'too many events are waiting; try again', { metadata });
    },
    groupBegan: rate.took,
  };
}

/** After this time a measurement has a weight of 1/e. */
const TIME_CONSTANT_MS = 1_000;

/** Estimates the queue's service rate (exponentially decayed) to predict a newcomer's waiting time. */
interface ServiceRate {
  /** So many commands left the queue now. Until the next call time counts only if others are left that could have. */
  took(count: number, isAnyLeft: boolean, nowMs: number): void;
  /** The waiting time of a newcomer behind so many, in milliseconds; 0 as long as nothing is known. */
  waitMs(ahead: number): number;
}

function createServiceRate(): ServiceRate {
  let took = 0;
  let tookMs = 0;
  /** Since when commands are left; undefined: none were, and the time until the next call says nothing of the rate. */
  let sinceMs: number | undefined;
  return {
    took(count, isAnyLeft, nowMs) {
      if (sinceMs !== undefined) {
        const elapsedMs = nowMs - sinceMs;
        const weight = Math.exp(-elapsedMs / TIME_CONSTANT_MS);
        took = took * weight + count;
        tookMs = tookMs * weight + elapsedMs;
      }
      sinceMs = isAnyLeft ? nowMs : undefined;
    },
    waitMs: (ahead) => (took > 0 ? (ahead * tookMs) / took : 0),
  };
}
