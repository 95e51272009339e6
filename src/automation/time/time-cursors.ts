/** The rows of time_cursors: locked when they are due, and written many at a time. */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';

export interface TimeCursor {
  readonly id: string;
  readonly triggerId: string;
  /** Null: the trigger's own, which goes through all athletes. */
  readonly userId: string | null;
  readonly occurrenceKey: string;
  readonly plannedAt: Instant;
  /** The last athlete of those that have been gone through; null: none has. */
  readonly position: string | null;
}

/** A cursor of one athlete's. */
export type AthleteCursor = TimeCursor & { readonly userId: string };

/** Where a cursor stands. */
export interface Standpoint {
  readonly occurrenceKey: string;
  readonly plannedAt: Instant;
}

export interface NewCursor extends Standpoint {
  readonly triggerId: string;
  readonly userId: string | null;
}

interface CursorRow {
  id: string;
  trigger_id: string;
  user_id: string | null;
  occurrence_key: string;
  planned_at: string;
  position: string | null;
}

const COLUMNS = sql`id, trigger_id, user_id, occurrence_key, planned_at, position`;

/** Those of athletes that have been due longest; what another transaction is on is left to it. */
export async function lockDueCursors(
  { accountId, sql: db }: Transaction,
  now: Instant,
  limit: number,
): Promise<AthleteCursor[]> {
  const { rows } = await sql<CursorRow>`
    select ${COLUMNS} from time_cursors
    where account_id = ${accountId} and due_at <= ${instantToText(now)}::timestamptz and user_id is not null
    order by due_at
    limit ${limit}
    for update skip locked`.execute(db);
  return rows.map(cursorOf).filter(isAthletes);
}

/** The one of a trigger that has been due longest, of those that no other transaction is on. */
export async function lockDueTriggerCursor(
  { accountId, sql: db }: Transaction,
  now: Instant,
): Promise<TimeCursor | undefined> {
  const { rows } = await sql<CursorRow>`
    select ${COLUMNS} from time_cursors
    where account_id = ${accountId} and due_at <= ${instantToText(now)}::timestamptz and user_id is null
    order by due_at
    limit 1
    for update skip locked`.execute(db);
  return rows.map(cursorOf)[0];
}

/** All of an athlete's; waits for whoever is on one of them. */
export async function lockCursorsOf(
  { accountId, sql: db }: Transaction,
  userId: string,
): Promise<TimeCursor[]> {
  const { rows } = await sql<CursorRow>`
    select ${COLUMNS} from time_cursors
    where account_id = ${accountId} and user_id = ${userId}
    order by trigger_id
    for update`.execute(db);
  return rows.map(cursorOf);
}

/** Adds cursors. One that is there already stays where it is, or with REPLACE goes where the new one would. */
export async function addCursors(
  { accountId, sql: db }: Transaction,
  cursors: readonly NewCursor[],
  onConflict: 'KEEP' | 'REPLACE',
): Promise<void> {
  if (cursors.length === 0) {
    return;
  }
  const resolution =
    onConflict === 'KEEP'
      ? sql`do nothing`
      : sql`do update set occurrence_key = excluded.occurrence_key, planned_at = excluded.planned_at,
          due_at = excluded.due_at, position = null`;
  await sql`
    insert into time_cursors (account_id, id, trigger_id, user_id, occurrence_key, planned_at, due_at)
    select ${accountId}::uuid, id, trigger_id, user_id, occurrence_key, planned_at, planned_at
    from unnest(
      ${cursors.map(() => newId())}::uuid[],
      ${cursors.map(({ triggerId }) => triggerId)}::uuid[],
      ${cursors.map(({ userId }) => userId)}::uuid[],
      ${cursors.map(({ occurrenceKey }) => occurrenceKey)}::text[],
      ${cursors.map(({ plannedAt }) => instantToText(plannedAt))}::timestamptz[]
    ) as added (id, trigger_id, user_id, occurrence_key, planned_at)
    on conflict (account_id, trigger_id, user_id) ${resolution}`.execute(db);
}

/** Moves cursors that are locked, each to where it is looked at next. */
export async function moveCursors(
  { accountId, sql: db }: Transaction,
  moves: readonly (Standpoint & { readonly id: string })[],
): Promise<void> {
  if (moves.length === 0) {
    return;
  }
  await sql`
    update time_cursors c
    set occurrence_key = moved.occurrence_key, planned_at = moved.planned_at, due_at = moved.planned_at, position = null
    from unnest(
      ${moves.map(({ id }) => id)}::uuid[],
      ${moves.map(({ occurrenceKey }) => occurrenceKey)}::text[],
      ${moves.map(({ plannedAt }) => instantToText(plannedAt))}::timestamptz[]
    ) as moved (id, occurrence_key, planned_at)
    where c.account_id = ${accountId} and c.id = moved.id`.execute(db);
}

/** Notes how far a trigger's own cursor, which is locked, has come on its way through the athletes. */
export async function advanceCursor(
  { accountId, sql: db }: Transaction,
  id: string,
  { occurrenceKey, plannedAt }: Standpoint,
  position: string,
): Promise<void> {
  await sql`
    update time_cursors
    set position = ${position}, occurrence_key = ${occurrenceKey}, planned_at = ${instantToText(plannedAt)}::timestamptz
    where account_id = ${accountId} and id = ${id}`.execute(db);
}

export async function removeCursors(
  { accountId, sql: db }: Transaction,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 0) {
    await sql`
      delete from time_cursors where account_id = ${accountId} and id = any(${ids}::uuid[])`.execute(db);
  }
}

function isAthletes(cursor: TimeCursor): cursor is AthleteCursor {
  return cursor.userId !== null;
}

function cursorOf(row: CursorRow): TimeCursor {
  return {
    id: row.id,
    triggerId: row.trigger_id,
    userId: row.user_id,
    occurrenceKey: row.occurrence_key,
    plannedAt: instantFromText(row.planned_at),
    position: row.position,
  };
}
