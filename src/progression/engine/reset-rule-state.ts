/**
 * Sets failure counters and stages of an athlete other than by an event: they follow from the events after that, from
 * the value that they were set to (`base_sequence`). The athlete's lock is held.
 */
import { type RawBuilder, sql } from 'kysely';
import { drawAcceptanceNumber } from '../../store/acceptance-number.ts';
import type { Change } from '../../store/change.ts';

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

/** The counters and stages of a program's rules, at every lift. Gives what was lost. */
export async function resetProgramState(
  change: Pick<Change, 'tx'>,
  { userId, programId }: { userId: string; programId: string },
): Promise<{ failureCounters: ResetCounter[]; stages: ResetStage[] }> {
  const ofProgram = sql`s.progression_id in (
    select progression_id from program_progressions
    where account_id = ${change.tx.accountId} and program_id = ${programId})`;
  const failureCounters = await resetCounters(change, userId, ofProgram);
  return { failureCounters, stages: await resetStages(change, userId, ofProgram) };
}

/** The counters of one lift by the rules that change this max type. Gives what was lost. */
export function resetLiftCounters(
  change: Pick<Change, 'tx'>,
  { userId, liftId, maxType }: { userId: string; liftId: string; maxType: string },
): Promise<ResetCounter[]> {
  const ofMax = sql`s.lift_id = ${liftId} and s.progression_id in (
    select id from progressions
    where account_id = ${change.tx.accountId} and parameters ->> 'maxType' = ${maxType})`;
  return resetCounters(change, userId, ofMax);
}

/** One counter. Gives what was lost. */
export function resetCounter(
  change: Pick<Change, 'tx'>,
  { userId, liftId, progressionId }: { userId: string; liftId: string; progressionId: string },
): Promise<ResetCounter[]> {
  return resetCounters(change, userId, sql`s.lift_id = ${liftId} and s.progression_id = ${progressionId}`);
}

/** Every counter and stage goes on from where it is: an enrollment begins or goes on, and carries them on. */
export async function carryState({ tx }: Pick<Change, 'tx'>, userId: string): Promise<void> {
  const number = await drawAcceptanceNumber(tx);
  await sql`
    update failure_counters set base_failures = consecutive_failures, base_sequence = ${number}
    where account_id = ${tx.accountId} and user_id = ${userId}`.execute(tx.sql);
  await sql`
    update progression_states set base_stage = stage, base_sequence = ${number}
    where account_id = ${tx.accountId} and user_id = ${userId}`.execute(tx.sql);
}

/** Puts the athlete at a stage of a rule. Gives the one before; the first where the athlete never left it. */
export async function setStage(
  { tx }: Pick<Change, 'tx'>,
  { userId, liftId, progressionId, stage }: ResetStage & { userId: string },
): Promise<number> {
  const number = await drawAcceptanceNumber(tx);
  const reading = sql<{ stage: number }>`
    select stage from progression_states
    where account_id = ${tx.accountId} and user_id = ${userId} and lift_id = ${liftId}
      and progression_id = ${progressionId}`.execute(tx.sql);
  const writing = sql`
    insert into progression_states
      (account_id, user_id, lift_id, progression_id, stage, base_stage, base_sequence)
    values (${tx.accountId}, ${userId}, ${liftId}, ${progressionId}, ${stage}, ${stage}, ${number})
    on conflict (account_id, user_id, lift_id, progression_id) do update
      set stage = excluded.stage, base_stage = excluded.base_stage, base_sequence = excluded.base_sequence`.execute(
    tx.sql,
  );
  const [{ rows }] = await Promise.all([reading, writing]);
  return rows[0]?.stage ?? 0;
}

/** Counters at 0 are marked too: the revert of an older application gives no failure back to them. */
async function resetCounters(
  { tx }: Pick<Change, 'tx'>,
  userId: string,
  condition: RawBuilder<unknown>,
): Promise<ResetCounter[]> {
  const number = await drawAcceptanceNumber(tx);
  const { rows } = await sql<{ lift_id: string; progression_id: string; count: number }>`
    with s as (
      select lift_id, progression_id, consecutive_failures from failure_counters s
      where s.account_id = ${tx.accountId} and s.user_id = ${userId} and ${condition}
    )
    update failure_counters c
    set consecutive_failures = 0, base_failures = 0, base_sequence = ${number}
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
  { tx }: Pick<Change, 'tx'>,
  userId: string,
  condition: RawBuilder<unknown>,
): Promise<ResetStage[]> {
  const number = await drawAcceptanceNumber(tx);
  const { rows } = await sql<{ lift_id: string; progression_id: string; stage: number }>`
    with s as (
      select lift_id, progression_id, stage from progression_states s
      where s.account_id = ${tx.accountId} and s.user_id = ${userId} and ${condition}
    )
    update progression_states c set stage = 0, base_stage = 0, base_sequence = ${number}
    from s
    where c.account_id = ${tx.accountId} and c.user_id = ${userId} and c.lift_id = s.lift_id
      and c.progression_id = s.progression_id
    returning s.lift_id, s.progression_id, s.stage`.execute(tx.sql);
  return rows
    .filter(({ stage }) => stage > 0)
    .map(({ lift_id, progression_id, stage }) => ({ liftId: lift_id, progressionId: progression_id, stage }));
}
