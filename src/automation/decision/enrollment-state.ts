/** What enrollments, holds and caps there are while the events of a batch are decided one after the other. */
import type { Instant } from '../../values/instant.ts';
import type { Cap } from './trigger-policy.ts';

/** An enrollment that counts: not one that was cancelled before its first step. */
export interface PastEnrollment {
  /** Empty: it was decided in this batch. */
  readonly id: string;
  readonly enrolledAt: Instant;
  readonly recordedAt: Instant;
  /** It has not ended. */
  readonly isOpen: boolean;
}

export interface Hold {
  readonly heldAt: Instant;
  /** null: while it holds. */
  readonly releasedAt: Instant | null;
}

/** A counter of enrollments: of a cap, in one of its windows. */
export interface CapCounter {
  readonly name: string;
  readonly windowSeconds: bigint;
  readonly windowBeganAt: Instant;
}

/** Windows follow one another from 1970 on. */
export function toCapCounter({ name, windowSeconds }: Cap, at: Instant): CapCounter {
  const micros = windowSeconds * 1_000_000n;
  const into = ((at % micros) + micros) % micros;
  return { name, windowSeconds, windowBeganAt: at - into };
}

export function toCapCounterKey({ name, windowSeconds, windowBeganAt }: CapCounter): string {
  return JSON.stringify([name, `${windowSeconds}`, `${windowBeganAt}`]);
}

/** Of a workflow and an athlete. */
export function toPairKey(workflowId: string, userId: string): string {
  return `${workflowId} ${userId}`;
}

const NONE: readonly PastEnrollment[] = [];

/** Begins with what is stored, and goes along with what is decided. */
export class EnrollmentState {
  readonly #enrollments = new Map<string, PastEnrollment[]>();
  readonly #holds = new Map<string, Hold>();
  readonly #counts = new Map<string, number>();
  readonly #workflowVersions = new Map<string, number>();

  /** The version whose actions an enrollment runs that begins now. */
  workflowVersion(workflowId: string): number {
    const version = this.#workflowVersions.get(workflowId);
    if (version === undefined) {
      throw new TypeError(`The workflow ${workflowId} is gone`);
    }
    return version;
  }

  setWorkflowVersion(workflowId: string, version: number): void {
    this.#workflowVersions.set(workflowId, version);
  }

  enrollments(pair: string): readonly PastEnrollment[] {
    return this.#enrollments.get(pair) ?? NONE;
  }

  /** One that is known already, by its id, is not added again. */
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

  /** How many the counter has. One that is not known has none. */
  count(counter: CapCounter): number {
    return this.#counts.get(toCapCounterKey(counter)) ?? 0;
  }

  setCount(counter: CapCounter, count: number): void {
    this.#counts.set(toCapCounterKey(counter), count);
  }
}
