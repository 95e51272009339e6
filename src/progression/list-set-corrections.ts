/** ListSetCorrections: what an athlete's sets were before they were corrected or removed, newest first. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import type {
  ListSetCorrectionsRequest,
  RecordedCorrectionSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import { Narrowing, type Page, readPage } from '../store/page.ts';
import { instantFromText, instantToText, instantToTimestamp } from '../values/instant.ts';
import type { KeptSet } from './engine/correct-session.ts';
import { loggedSetMessage } from './log-sets.ts';

export interface CorrectionRow {
  readonly id: string;
  readonly session_id: string;
  readonly lift_id: string;
  readonly set_number: number;
  readonly before: KeptSet;
  readonly after: KeptSet | null;
  readonly reason: string;
  readonly actor: string;
  readonly recorded_at: string;
}

/** By recorded_at and id, newest first. USER_NOT_FOUND. */
export async function listSetCorrections(
  tx: Transaction,
  request: ListSetCorrectionsRequest,
  defaultPageSize: number,
): Promise<Page<CorrectionRow>> {
  const { userId, sessionId, liftId } = request;
  await requireUser(tx, userId);
  const ofAccount = sql`c.account_id = ${tx.accountId}`;
  const narrowing = new Narrowing('ListSetCorrections', ofAccount, tx.accountId)
    .by(userId, sql`c.user_id = ${userId}`)
    .by(sessionId, sql`c.session_id = ${sessionId}`)
    .by(liftId, sql`c.lift_id = ${liftId}`)
    .during(sql`c.recorded_at`, request);
  const { where } = narrowing;
  return readPage(
    {
      filter: narrowing.filter,
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (row: CorrectionRow) => [instantFromText(row.recorded_at), row.id],
      async rows(after, limit) {
        const behind = after
          ? sql`and (c.recorded_at, c.id) < (${instantToText(after[0])}::timestamptz, ${after[1]}::uuid)`
          : sql``;
        const { rows } = await sql<CorrectionRow>`
          select c.id, c.session_id, c.lift_id, c.set_number, c.before, c.after, c.reason, c.actor, c.recorded_at
          from set_corrections c
          where ${where} ${behind}
          order by c.recorded_at desc, c.id desc limit ${limit}`.execute(tx.sql);
        return rows;
      },
      count: request.includeTotalSize ? () => narrowing.count(tx, sql`set_corrections c`) : null,
    },
    request,
  );
}

export function recordedCorrectionMessage(
  row: CorrectionRow,
): MessageInitShape<typeof RecordedCorrectionSchema> {
  const { id, session_id: sessionId, lift_id: liftId, set_number: setNumber, reason, actor } = row;
  const messageOf = (kept: KeptSet) =>
    loggedSetMessage(sessionId, {
      set: {
        ...{ ...kept, liftId, setNumber, weight: new Decimal(kept.weight) },
        targetWeight: kept.targetWeight === null ? null : new Decimal(kept.targetWeight),
        rpe: kept.rpe === null ? null : new Decimal(kept.rpe),
        performedAt: instantFromText(kept.performedAt),
      },
      isAlreadyLogged: false,
    });
  return {
    ...{ id, sessionId, liftId, setNumber, reason, actor },
    before: messageOf(row.before),
    after: row.after ? messageOf(row.after) : undefined,
    recordedAt: instantToTimestamp(instantFromText(row.recorded_at)),
  };
}
