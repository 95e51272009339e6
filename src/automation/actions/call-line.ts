/** Lets so many calls be under way at the same time, of each account and in all; others wait, the accounts in turn. */
import type { Limits } from '../../config.ts';
import type { DueEnrollment } from './due-enrollments.ts';

export interface CallLine {
  /** Makes the call when its turn comes. False: too many of the account wait already, or in all; or it is closed. */
  offer(due: DueEnrollment): boolean;
  /** Who waits, and whose call is under way. */
  enrollmentIds(): string[];
  /** Makes no call any more that is not under way. */
  close(): void;
  /** Resolves when nobody waits and no call is under way. */
  settled(): Promise<void>;
}

export type CallLineLimits = Pick<
  Limits,
  'concurrentCallSteps' | 'concurrentCallStepsPerAccount' | 'waitingCallSteps' | 'waitingCallStepsPerAccount'
>;

/** `makeCall` may reject: then somebody else will make the call, and `reportError` hears of it. */
export function createCallLine(
  limits: CallLineLimits,
  makeCall: (due: DueEnrollment) => Promise<void>,
  reportError: (error: unknown) => void,
): CallLine {
  return new FairCallLine(limits, makeCall, reportError);
}

/** What an account has in line. */
interface Place {
  readonly waiting: DueEnrollment[];
  underWay: number;
}

class FairCallLine implements CallLine {
  readonly #limits: CallLineLimits;
  readonly #makeCall: (due: DueEnrollment) => Promise<void>;
  readonly #reportError: (error: unknown) => void;
  /** Whose turn it is comes first. */
  readonly #places = new Map<string, Place>();
  readonly #underWay = new Map<string, Promise<void>>();
  #waiting = 0;
  #isClosed = false;

  constructor(
    limits: CallLineLimits,
    makeCall: (due: DueEnrollment) => Promise<void>,
    reportError: (error: unknown) => void,
  ) {
    this.#limits = limits;
    this.#makeCall = makeCall;
    this.#reportError = reportError;
  }

  offer(due: DueEnrollment): boolean {
    const place = this.#places.get(due.accountId) ?? { waiting: [], underWay: 0 };
    const { waitingCallSteps, waitingCallStepsPerAccount } = this.#limits;
    const isFull = this.#waiting >= waitingCallSteps || place.waiting.length >= waitingCallStepsPerAccount;
    if (isFull || this.#isClosed) {
      return false;
    }
    this.#places.set(due.accountId, place);
    place.waiting.push(due);
    this.#waiting += 1;
    this.#pump();
    return true;
  }

  enrollmentIds(): string[] {
    const waiting = [...this.#places.values()].flatMap((place) => place.waiting.map(({ id }) => id));
    return [...waiting, ...this.#underWay.keys()];
  }

  close(): void {
    this.#isClosed = true;
    for (const place of this.#places.values()) {
      place.waiting.length = 0;
    }
    this.#waiting = 0;
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.all(this.#underWay.values());
    }
  }

  #pump(): void {
    while (this.#underWay.size < this.#limits.concurrentCallSteps) {
      const turn = this.#nextTurn();
      if (!turn) {
        return;
      }
      const [accountId, place, due] = turn;
      // To the end of the turns.
      this.#places.delete(accountId);
      this.#places.set(accountId, place);
      this.#waiting -= 1;
      place.underWay += 1;
      this.#underWay.set(due.id, this.#run(accountId, place, due));
    }
  }

  #nextTurn(): [accountId: string, place: Place, due: DueEnrollment] | undefined {
    for (const [accountId, place] of this.#places) {
      const due = place.underWay < this.#limits.concurrentCallStepsPerAccount && place.waiting.shift();
      if (due) {
        return [accountId, place, due];
      }
    }
    return undefined;
  }

  async #run(accountId: string, place: Place, due: DueEnrollment): Promise<void> {
    try {
      await this.#makeCall(due);
    } catch (error) {
      this.#reportError(error);
    } finally {
      place.underWay -= 1;
      this.#underWay.delete(due.id);
      if (place.underWay === 0 && place.waiting.length === 0) {
        this.#places.delete(accountId);
      }
      this.#pump();
    }
  }
}
