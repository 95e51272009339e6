/**
 * Personal records: sets whose estimated one-repetition maximum exceeds that of every earlier set of the
 * lift.
 */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { WORK_KINDS } from '../../store/entities/logged-set.ts';
import { isWorkSet, type StoredSet } from '../evaluation/trigger-event.ts';

/** A set that is a record, and its estimate. */
export interface PersonalRecord {
  readonly set: StoredSet;
  readonly estimate: Decimal;
  readonly previousEstimate: Decimal;
}

/** Precise enough for the product of a weight with 18 digits and a number of repetitions. */
const Exact = Decimal.clone({ precision: 40 });

/**
 * Epley's estimate of a one-repetition maximum is weight x (1 + reps / 30); 30 times that is a finite
 * decimal.
 */
const EPLEY = 30;

/**
 * The records among new sets, which count in order. `bests` comes from loadPersonalBests. The first set of a
 * lift is no record; only work sets with repetitions count.
 */
export function personalRecords(
  sets: readonly StoredSet[],
  bests: ReadonlyMap<string, Decimal>,
): PersonalRecord[] {
  const best = new Map(bests);
  return sets.flatMap((set) => {
    const previous = best.get(set.liftId);
    const score = new Exact(set.weight).times(EPLEY + set.repsPerformed);
    if (!isWorkSet(set) || set.repsPerformed === 0 || (previous && score.lte(previous))) {
      return [];
    }
    best.set(set.liftId, score);
    return previous ? [{ set, estimate: estimateOf(score), previousEstimate: estimateOf(previous) }] : [];
  });
}

/** To 6 decimal places, as weights are stored. */
function estimateOf(score: Decimal): Decimal {
  return score.div(EPLEY).toDecimalPlaces(6);
}

/** By athlete and lift: 30 times the highest estimate of the stored sets. */
export async function loadPersonalBests(
  tx: Transaction,
  lifts: readonly { readonly userId: string; readonly liftId: string }[],
): Promise<Map<string, Map<string, Decimal>>> {
  const { rows } = await sql<{ user_id: string; lift_id: string; score: string }>`
    select k.user_id, k.lift_id, s.score
    from unnest(${lifts.map((l) => l.userId)}::uuid[], ${lifts.map((l) => l.liftId)}::uuid[])
      as k(user_id, lift_id)
    cross join lateral (
      select weight * (30 + reps_performed) as score from logged_sets
      where account_id = ${tx.accountId} and user_id = k.user_id and lift_id = k.lift_id
        and kind in ${WORK_KINDS} and reps_performed > 0
      order by weight * (30 + reps_performed) desc limit 1
    ) s`.execute(tx.sql);
  const bests = new Map<string, Map<string, Decimal>>();
  for (const { user_id, lift_id, score } of rows) {
    const ofUser = bests.get(user_id) ?? new Map<string, Decimal>();
    bests.set(user_id, ofUser.set(lift_id, new Exact(score)));
  }
  return bests;
}
