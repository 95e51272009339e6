/** The rows of time_cursors: plans an athlete's next one, locks due ones, and writes many in one statement. */

import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import type { Occurrence, Occurrences } from './occurrence.ts';

export interface DuePlan {
  /** The occurrence that fires; undefined when it has been moved or removed. */
  readonly fired: { readonly occurrence: Occurrence; readonly isMissed: boolean } | undefined;
  /** undefined when there is no further occurrence: the cursor is removed. */
  readonly next: Occurrence | undefined;
}

/**
 * Plans a due cursor from the athlete's current date and zone, not from those at its creation. An occurrence
 * that an edit removed is not recorded as missed.
 */
export function planDue(
  occurrences: Occurrences,
  cursor: { readonly occurrenceKey: string; readonly plannedAt: Instant },
  now: Instant,
  latestMs: number,
): DuePlan {
  const occurrence = occurrences.ofKey(cursor.occurrenceKey);
  const timeliness = occurrence && timelinessOf(occurrence.plannedAt, now, latestMs);
  const isEdited = occurrence?.plannedAt !== cursor.plannedAt;
  if (occurrence === undefined || timeliness === 'EARLY' || (timeliness === 'MISSED' && isEdited)) {
    const next = occurrences.next(occurrences.catchesUp ? cursor.plannedAt : now);
    return { fired: undefined, next };
  }
  return {
    fired: { occurrence, isMissed: timeliness === 'MISSED' },
    next: occurrences.next(occurrence.plannedAt),
  };
}

/**
 * Plans a cursor after a change of the athlete's date or zone. An occurrence that the change moved into the
 * past, as a move eastwards can, still fires while it is not too late.
 */
export function planChanged(
  occurrences: Occurrences,
  key: string | undefined,
  changedAt: Instant,
  latestMs: number,
): Occurrence | undefined {
  const pending = key === undefined ? undefined : occurrences.ofKey(key);
  const isPending = pending && timelinessOf(pending.plannedAt, changedAt, latestMs) === 'DUE';
  return isPending ? pending : occurrences.next(changedAt);
}

/** EARLY: it is not due. DUE: it fires, possibly late. MISSED: it is recorded and does not fire. */
export type Timeliness = 'EARLY' | 'DUE' | 'MISSED';

/** `latestMs` is the longest delay after which an occurrence still fires. */
export function timelinessOf(plannedAt: Instant, now: Instant, latestMs: number): Timeliness {
  if (plannedAt > now) {
    return 'EARLY';
  }
  return now - plannedAt <= BigInt(latestMs) * 1000n ? 'DUE' : 'MISSED';
}

export interface TimeCursor {
  readonly id: string;
  readonly triggerId: string;
  /** Null for the trigger's own cursor, which passes over all athletes. */
  readonly userId: string | null;
  readonly occurrenceKey: string;
  readonly plannedAt: Instant;
  /** The last athlete that the pass has reached; null before the first. */
  readonly position: string | null;
}

/** A cursor of one athlete. */
export type AthleteCursor = TimeCursor & { readonly userId: string };

/** The position of a cursor. */
export interface CursorPosition {
  readonly occurrenceKey: string;
  readonly plannedAt: Instant;
}

export interface NewCursor extends CursorPosition {
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

/** The athletes' cursors that have been due longest; skips locked ones. */
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

/** The trigger's own cursor that has been due longest; skips locked ones. */
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

/** All cursors of an athlete; waits for locks. */
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

/** Inserts cursors. Existing ones stay, or with REPLACE take the new position. */
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
    select a.id, added.*, planned_at from accounts a cross join unnest(
      ${cursors.map(() => newId())}::uuid[],
      ${cursors.map(({ triggerId }) => triggerId)}::uuid[],
      ${cursors.map(({ userId }) => userId)}::uuid[],
      ${cursors.map(({ occurrenceKey }) => occurrenceKey)}::text[],
      ${cursors.map(({ plannedAt }) => instantToText(plannedAt))}::timestamptz[]
    ) as added (id, trigger_id, user_id, occurrence_key, planned_at)
    where a.id = ${accountId}
    on conflict (account_id, trigger_id, user_id) ${resolution}`.execute(db);
}

/** Moves locked cursors, each to its next due time. */
export async function moveCursors(
  { accountId, sql: db }: Transaction,
  moves: readonly (CursorPosition & { readonly id: string })[],
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

/** Stores the progress of a trigger's locked cursor in its pass over the athletes. */
export async function advanceCursor(
  { accountId, sql: db }: Transaction,
  id: string,
  { occurrenceKey, plannedAt }: CursorPosition,
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
