/** Sets failure counters and stages of an athlete back to their start, other than by an event. */
import { type RawBuilder, sql } from 'kysely';
import type { Change } from '../../store/change.ts';
import { instantToText } from '../../values/instant.ts';

/** A counter that was above 0. */
export interface ResetCounter {
  readonly liftId: string;
  readonly progressionId: string;
  readonly consecutiveFailures: number;
}

/** A stage that was not the first. */
export interface ResetStage {
  readonly liftId: string;
  readonly progressionId: string;
  readonly stage: number;
}

/** The counters and stages of a program's rules, at every lift. The athlete's lock is held. Gives what was lost. */
export async function resetProgramState(
  change: Change,
  { userId, programId }: { userId: string; programId: string },
): Promise<{ failureCounters: ResetCounter[]; stages: ResetStage[] }> {
  const ofProgram = sql`s.progression_id in (
    select progression_id from program_progressions
    where account_id = ${change.tx.accountId} and program_id = ${programId})`;
  const failureCounters = await resetCounters(change, userId, ofProgram);
  return { failureCounters, stages: await resetStages(change, userId, ofProgram) };
}

/** The counters of one lift by the rules that change this max type. The athlete's lock is held. Gives what was lost. */
export function resetLiftCounters(
  change: Change,
  { userId, liftId, maxType }: { userId: string; liftId: string; maxType: string },
): Promise<ResetCounter[]> {
  const ofMax = sql`s.lift_id = ${liftId} and s.progression_id in (
    select id from progressions
    where account_id = ${change.tx.accountId} and parameters ->> 'maxType' = ${maxType})`;
  return resetCounters(change, userId, ofMax);
}

/** Counters at 0 are marked too: the revert of an older application gives no failure back to them. */
async function resetCounters(
  { tx, now }: Change,
  userId: string,
  condition: RawBuilder<unknown>,
): Promise<ResetCounter[]> {
  const { rows } = await sql<{ lift_id: string; progression_id: string; count: number }>`
    with s as (
      select lift_id, progression_id, consecutive_failures from failure_counters s
      where s.account_id = ${tx.accountId} and s.user_id = ${userId} and ${condition}
    )
    update failure_counters c set consecutive_failures = 0, reset_at = ${instantToText(now)}
    from s
    where c.account_id = ${tx.accountId} and c.user_id = ${userId} and c.lift_id = s.lift_id
      and c.progression_id = s.progression_id
    returning s.lift_id, s.progression_id, s.consecutive_failures as count`.execute(tx.sql);
  return rows
    .filter(({ count }) => count > 0)
    .map(({ lift_id, progression_id, count }) => ({
      liftId: lift_id,
      progressionId: progression_id,
      consecutiveFailures: count,
    }));
}

async function resetStages(
  { tx, now }: Change,
  userId: string,
  condition: RawBuilder<unknown>,
): Promise<ResetStage[]> {
  const { rows } = await sql<{ lift_id: string; progression_id: string; stage: number }>`
    with s as (
      select lift_id, progression_id, stage from progression_states s
      where s.account_id = ${tx.accountId} and s.user_id = ${userId} and ${condition}
    )
    update progression_states c set stage = 0, set_at = ${instantToText(now)}
    from s
    where c.account_id = ${tx.accountId} and c.user_id = ${userId} and c.lift_id = s.lift_id
      and c.progression_id = s.progression_id
    returning s.lift_id, s.progression_id, s.stage`.execute(tx.sql);
  return rows
    .filter(({ stage }) => stage > 0)
    .map(({ lift_id, progression_id, stage }) => ({ liftId: lift_id, progressionId: progression_id, stage }));
}
