/** Tells which reported sets are new, and refuses those that contradict what was logged before. */
import { DomainError } from '../domain-error.ts';
import type { ReportedSet, SetReceipt, SetsReported, StoredSet } from './trigger-command.ts';

/** A receipt for each reported set, in order. Throws SET_CONFLICT when a stored set has other values. */
export function receiveSets(reported: SetsReported, stored: readonly StoredSet[]): SetReceipt[] {
  const storedByNumber = new Map(stored.map((set) => [numberOf(set), set]));
  return reported.sets.map((set) => {
    const earlier = storedByNumber.get(numberOf(set));
    if (!earlier) {
      return { set, isAlreadyLogged: false };
    }
    if (!isSameSet(set, earlier)) {
      throw new DomainError(
        'SET_CONFLICT',
        `set ${set.setNumber} of lift ${set.liftId} was logged in this session with other values`,
        {
          metadata: { sessionId: reported.sessionId, liftId: set.liftId, setNumber: String(set.setNumber) },
        },
      );
    }
    return { set: earlier, isAlreadyLogged: true };
  });
}

function numberOf(set: StoredSet): string {
  return `${set.liftId} ${set.setNumber}`;
}

function isSameSet(reported: ReportedSet, stored: StoredSet): boolean {
  return (
    reported.kind === stored.kind &&
    reported.weight.eq(stored.weight) &&
    reported.targetReps === stored.targetReps &&
    reported.repsPerformed === stored.repsPerformed &&
    (reported.rpe && stored.rpe ? reported.rpe.eq(stored.rpe) : reported.rpe === stored.rpe) &&
    (!reported.isTimeGiven || reported.performedAt === stored.performedAt)
  );
}
