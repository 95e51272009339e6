/** Loads the athletes of events in the form that filters read. */
import { sql } from 'kysely';
import type { JsonObject } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText } from '../../values/instant.ts';
import { firstTimeZone } from '../../values/zoned.ts';
import { athleteDocumentSql } from '../event-types/athlete-document.ts';

/** An athlete, possibly deleted. */
export interface Subject {
  readonly userId: string;
  readonly document: JsonObject;
  /** The athlete's time zone, else the account's, else UTC. */
  readonly timeZone: string;
  readonly deletedAt: Instant | null;
  readonly optedOutAt: Instant | null;
}

interface SubjectRow {
  id: string;
  document: JsonObject;
  time_zone: string | null;
  account_time_zone: string;
  deleted_at: string | null;
  opted_out_at: string | null;
}

/** Loads athletes by id; an id that never existed is missing in the result. */
export async function loadSubjects(
  { accountId, sql: db }: Transaction,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, Subject>> {
  const { rows } = await sql<SubjectRow>`
    select u.id, ${athleteDocumentSql('u')} as document, u.time_zone, a.time_zone as account_time_zone,
      u.deleted_at, u.opted_out_at
    from users u join accounts a on a.id = u.account_id
    where u.account_id = ${accountId} and u.id = any(${[...new Set(userIds)]}::uuid[])`.execute(db);
  // Validating a time zone name is slow, and most athletes share one zone.
  const zones = new Map(rows.map((row) => [toZoneKey(row), row]));
  const known = new Map(
    [...zones].map(([key, row]) => [key, firstTimeZone(row.time_zone, row.account_time_zone)]),
  );
  return new Map(rows.map((row) => [row.id, toSubject(row, known.get(toZoneKey(row)) ?? 'UTC')]));
}

function toZoneKey(row: SubjectRow): string {
  return `${row.time_zone} ${row.account_time_zone}`;
}

function toSubject(row: SubjectRow, timeZone: string): Subject {
  return {
    userId: row.id,
    document: row.document,
    timeZone,
    deletedAt: row.deleted_at === null ? null : instantFromText(row.deleted_at),
    optedOutAt: row.opted_out_at === null ? null : instantFromText(row.opted_out_at),
  };
}
