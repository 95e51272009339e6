/**
 * Enrollments, holds and cap counters while the events of a batch are decided one after the other, and
 * enrollments counted in time windows.
 */
import type { Limits } from '../../config/config.ts';
import type { Instant } from '../../values/instant.ts';
import type { Cap } from './trigger-policy.ts';

/**
 * Returns an enrollment time closer to the instant than `span` microseconds, before or after it. The times need no
 * order here and below, and an event may be older than earlier enrollments.
 */
export function findCloserThan(times: readonly Instant[], at: Instant, span: bigint): Instant | undefined {
  return times.find((time) => distance(time, at) < span);
}

/**
 * Counts the times in the window of `span` microseconds that ends with the instant, including the instant.
 */
export function countInWindowUntil(times: readonly Instant[], at: Instant, span: bigint): number {
  return times.filter((time) => time <= at && at - time < span).length;
}

/**
 * The highest count in any window of `span` microseconds that contains the instant, not counting the instant
 * itself.
 */
export function maxInAnyWindowAround(times: readonly Instant[], at: Instant, span: bigint): number {
  const near = times.filter((time) => distance(time, at) < span).sort((a, b) => (a < b ? -1 : 1));
  // A window can start at its first enrollment, or at the instant, without losing any time.
  let most = near.filter((time) => time >= at).length;
  let end = 0;
  for (const [start, first] of near.entries()) {
    if (first > at) {
      break;
    }
    while (end < near.length && (near[end] ?? at) - first < span) {
      end += 1;
    }
    most = Math.max(most, end - start);
  }
  return most;
}

function distance(one: Instant, other: Instant): bigint {
  return one < other ? other - one : one - other;
}

/**
 * An enrollment that counts towards policies and limits. Enrollments cancelled before their first step do not
 * count.
 */
export interface PastEnrollment {
  /** Empty for an enrollment that was decided in this batch. */
  readonly id: string;
  readonly enrolledAt: Instant;
  readonly recordedAt: Instant;
  /** Whether the enrollment has not ended. */
  readonly isOpen: boolean;
  /** Whether a workflow caused the event that started it. */
  readonly isCausedByWorkflow: boolean;
}

export interface Hold {
  readonly heldAt: Instant;
  /** When the last event that a workflow caused was held. */
  readonly lastEventAt: Instant;
  /** When ReleaseHold ended the hold; null when it did not. */
  readonly releasedAt: Instant | null;
}

/** A hold ends by ReleaseHold, or by itself, `holdQuietMs` after the last event that prolonged it. */
export function isHeld(
  { lastEventAt, releasedAt }: Hold,
  now: Instant,
  { holdQuietMs }: Pick<Limits, 'holdQuietMs'>,
): boolean {
  return releasedAt === null && now - lastEventAt < BigInt(holdQuietMs) * 1000n;
}

/** The counter of a cap in one of its windows. */
export interface CapCounter {
  readonly name: string;
  readonly windowSeconds: bigint;
  readonly windowBeganAt: Instant;
}

/** The counter of the window that contains the instant. Windows are aligned to 1970-01-01 UTC. */
export function toCapCounter({ name, windowSeconds }: Cap, at: Instant): CapCounter {
  const micros = windowSeconds * 1_000_000n;
  const into = ((at % micros) + micros) % micros;
  return { name, windowSeconds, windowBeganAt: at - into };
}

export function toCapCounterKey({ name, windowSeconds, windowBeganAt }: CapCounter): string {
  return JSON.stringify([name, `${windowSeconds}`, `${windowBeganAt}`]);
}

/** Key of a workflow and an athlete. */
export function toPairKey(workflowId: string, userId: string): string {
  return `${workflowId} ${userId}`;
}

const NONE: readonly PastEnrollment[] = [];

/** Starts with the stored rows and is updated with each verdict of the batch. */
export class EnrollmentState {
  readonly #enrollments = new Map<string, PastEnrollment[]>();
  readonly #holds = new Map<string, Hold>();
  readonly #counts = new Map<string, number>();
  readonly #workflowVersions = new Map<string, number>();
  readonly #exitEvents = new Map<string, readonly string[]>();

  /** The version whose actions a new enrollment runs. Throws when the workflow was not loaded. */
  workflowVersion(workflowId: string): number {
    const version = this.#workflowVersions.get(workflowId);
    if (version === undefined) {
      throw new TypeError(`The workflow ${workflowId} was not loaded`);
    }
    return version;
  }

  /** The types of events that end a new enrollment. */
  exitEvents(workflowId: string): readonly string[] {
    return this.#exitEvents.get(workflowId) ?? [];
  }

  setWorkflowVersion(workflowId: string, version: number, exitEvents: readonly string[] = []): void {
    this.#workflowVersions.set(workflowId, version);
    this.#exitEvents.set(workflowId, exitEvents);
  }

  enrollments(pair: string): readonly PastEnrollment[] {
    return this.#enrollments.get(pair) ?? NONE;
  }

  /** Does nothing when an enrollment with this id is present. */
  addEnrollment(pair: string, enrollment: PastEnrollment): void {
    const known = this.#enrollments.get(pair) ?? [];
    if (enrollment.id === '' || known.every(({ id }) => id !== enrollment.id)) {
      known.push(enrollment);
    }
    this.#enrollments.set(pair, known);
  }

  hold(pair: string): Hold | null {
    return this.#holds.get(pair) ?? null;
  }

  setHold(pair: string, hold: Hold): void {
    this.#holds.set(pair, hold);
  }

  /** The count of the counter; 0 for a counter without a row. */
  count(counter: CapCounter): number {
    return this.#counts.get(toCapCounterKey(counter)) ?? 0;
  }

  setCount(counter: CapCounter, count: number): void {
    this.#counts.set(toCapCounterKey(counter), count);
  }
}
