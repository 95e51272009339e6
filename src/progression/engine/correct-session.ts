/** Changes and removes sets of one session, and decides the session again for their lifts. */
import { sql } from 'kysely';
import type { Change } from '../../store/change.ts';
import { instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { type StoredSet, setTriggerKey } from '../evaluation/trigger-event.ts';
import type { EndItem, History } from './history.ts';
import { endOf, isOfSession, withSetsBefore } from './late-sets.ts';
import { loadEnrollment } from './load-ledger.ts';
import type { ProgramLoader } from './load-program.ts';
import { SET_COLUMNS, type SetRow, storedSetOf } from './load-sessions.ts';
import { loadStanding, type PutRight, putRight, refuseEarlier } from './put-right.ts';

/** A set as it was and as it is; null: it is removed. */
export interface SetChange {
  readonly before: PlacedSet;
  readonly after: StoredSet | null;
}

export interface SessionCorrection {
  readonly userId: string;
  readonly sessionId: string;
  readonly changes: readonly SetChange[];
  readonly reason: string;
  readonly method: 'RevertEvent' | 'CorrectSets';
}

export interface CorrectedSession extends PutRight {
  /** Empty when no rule looks at what was corrected. */
  readonly programId: string;
}

/** A set of the session, with its place in the order of acceptance. */
export type PlacedSet = StoredSet & { readonly sequence: bigint };

export async function loadSetsOf(
  { accountId, sql: statements }: Change['tx'],
  userId: string,
  sessionId: string,
): Promise<PlacedSet[]> {
  const { rows } = await sql<SetRow & { sequence: string }>`
    select ${SET_COLUMNS}, s.sequence from logged_sets s
    where s.account_id = ${accountId} and s.user_id = ${userId} and s.session_id = ${sessionId}
    order by s.sequence, s.id`.execute(statements);
  return rows.map((row) => ({ ...storedSetOf(row), sequence: BigInt(row.sequence) }));
}

const NOTHING: CorrectedSession = {
  ...{ programId: '', compensations: [], results: [], logIds: [], counters: [] },
};

/** The athlete's lock is held. NOT_ENROLLED, EARLIER_ENROLLMENT, NOT_LATEST_APPLICATION. */
export async function correctSession(
  change: Change,
  correction: SessionCorrection,
  programs: ProgramLoader,
): Promise<CorrectedSession> {
  const { userId, sessionId, changes } = correction;
  const areWeighed =
    changes.some(isAmrapOfOtherWeight) && (await hasWeighingRule(change.tx, userId, programs));
  const judged = changes.filter(({ before, after }) => !after || !isJudgedAlike(before, after, areWeighed));
  if (judged.length === 0) {
    await writeSets(change, correction);
    return NOTHING;
  }
  const liftIds = [...new Set(judged.map(({ before }) => before.liftId))];
  const standing = await loadStanding(change, userId, liftIds, programs);
  refuseEarlier(
    standing,
    judged.map(({ before }) => before.sequence),
  );
  const { history, enrollment } = standing;
  const ends = liftIds.flatMap((liftId) => {
    const end = endOf(history, sessionId, liftId);
    return end ? [{ liftId, end }] : [];
  });
  const made = await putRight(change, standing, {
    ...correction,
    after: corrected(history, changes, ends),
    isUndone: ({ log, sequence }) => log.sessionId === sessionId && sequence > history.from,
    isDecidedAgain: (item, liftId) => isOfSession(item, sessionId, liftId) && item.sequence > history.from,
  });
  await writeSets(change, correction);
  for (const { liftId, end } of ends) {
    await sql`
      update logged_sets set sequence = ${String(end.sequence)}
      where account_id = ${change.tx.accountId} and user_id = ${userId} and session_id = ${sessionId}
        and lift_id = ${liftId} and sequence > ${String(end.sequence)}`.execute(change.tx.sql);
  }
  return { ...made, programId: enrollment.programId };
}

function isAmrapOfOtherWeight({ before, after }: SetChange): boolean {
  return after?.kind === 'AMRAP' && !before.weight.eq(after.weight);
}

/** Whether an enabled rule of the athlete’s program looks at the weight of AMRAP sets. */
async function hasWeighingRule(tx: Change['tx'], userId: string, programs: ProgramLoader): Promise<boolean> {
  const enrollment = await loadEnrollment(tx, userId);
  const program = enrollment && (await programs.load(tx, enrollment.programId, enrollment.programRevision));
  return program?.assignments.some(({ enabled, rule }) => enabled && rule.weighsSets) ?? false;
}

/** Whether no rule can tell the two apart: a weight counts against a target weight, and of AMRAP sets where it is weighed. */
export function isJudgedAlike(a: StoredSet, b: StoredSet, areWeighed: boolean): boolean {
  const isSameTarget =
    a.targetWeight && b.targetWeight ? a.targetWeight.eq(b.targetWeight) : a.targetWeight === b.targetWeight;
  return (
    a.kind === b.kind &&
    a.targetReps === b.targetReps &&
    a.repsPerformed === b.repsPerformed &&
    isSameTarget &&
    ((a.targetWeight === null && !(areWeighed && a.kind === 'AMRAP')) || a.weight.eq(b.weight))
  );
}

function corrected(
  history: History,
  changes: readonly SetChange[],
  ends: readonly { liftId: string; end: EndItem }[],
): History {
  const byId = new Map(changes.map((each) => [each.before.id, each]));
  const placed = ends.reduce((all, { end, liftId }) => withSetsBefore(all, end, liftId), history);
  const sets = placed.sets.flatMap((item) => {
    const found = byId.get(item.set.id);
    return found ? (found.after ? [{ ...item, set: found.after }] : []) : [item];
  });
  return { ...placed, sets };
}

/** The sets, and what they were; a removed set gives up its number, also as the identity of its call in the ledger. */
async function writeSets(
  { tx, now, actor }: Change,
  { userId, sessionId, changes, reason }: SessionCorrection,
): Promise<void> {
  const { accountId, sql: statements } = tx;
  for (const { before, after } of changes) {
    const id = newId();
    await sql`
      insert into set_corrections (account_id, id, user_id, session_id, lift_id, set_number, before, after, reason,
        actor, recorded_at)
      values (${accountId}, ${id}, ${userId}, ${sessionId}, ${before.liftId}, ${before.setNumber},
        ${textOf(before)}::jsonb, ${after && textOf(after)}::jsonb, ${reason}, ${actor}, ${instantToText(now)})`.execute(
      statements,
    );
    if (after) {
      await sql`
        update logged_sets set kind = ${after.kind}, weight = ${after.weight.toFixed()}, rpe = ${after.rpe?.toFixed() ?? null},
          target_weight = ${after.targetWeight?.toFixed() ?? null}, target_reps = ${after.targetReps},
          reps_performed = ${after.repsPerformed}, performed_at = ${instantToText(after.performedAt)}
        where account_id = ${accountId} and id = ${after.id}`.execute(statements);
    } else {
      const key = setTriggerKey(sessionId, before);
      await sql`delete from logged_sets where account_id = ${accountId} and id = ${before.id}`.execute(
        statements,
      );
      await sql`
        update requests set trigger_key = ${`${key}:removed:${id}`}
        where account_id = ${accountId} and user_id = ${userId} and trigger_type = 'AFTER_SET'
          and trigger_key = ${key}`.execute(statements);
    }
  }
}

/** A set as a correction keeps it. */
export interface KeptSet {
  readonly id: string;
  readonly kind: StoredSet['kind'];
  readonly weight: string;
  readonly targetWeight: string | null;
  readonly targetReps: number;
  readonly repsPerformed: number;
  readonly rpe: string | null;
  readonly performedAt: string;
}

function textOf(set: StoredSet): string {
  const { id, kind, targetReps, repsPerformed } = set;
  return JSON.stringify({
    ...{ id, kind, targetReps, repsPerformed },
    weight: set.weight.toFixed(),
    targetWeight: set.targetWeight?.toFixed() ?? null,
    rpe: set.rpe?.toFixed() ?? null,
    performedAt: instantToText(set.performedAt),
  } satisfies KeptSet);
}
