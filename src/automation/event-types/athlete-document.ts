/**
 * The document of an athlete that filters evaluate: built-in fields and `attributes`, in the process and in
 * SQL.
 */
import { type RawBuilder, sql } from 'kysely';
import type { FieldDefinition } from '../../filters/field-catalogue.ts';
import type { FilterField, JsonObject } from '../../filters/filter.ts';
import type { User } from '../../store/entities/user.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { loadedFieldsSql } from './loaded-fields.ts';

/** The built-in fields. */
export const ATHLETE_FIELDS: readonly (FieldDefinition & { readonly description: string })[] = [
  { name: 'id', type: 'id', isPersonal: false, description: 'The athlete’s id.' },
  { name: 'name', type: 'string', isPersonal: true, description: 'The name.' },
  { name: 'birth_date', type: 'date', isPersonal: true, description: 'The day of birth; absent: unknown.' },
  { name: 'time_zone', type: 'string', isPersonal: false, description: 'IANA; absent: the account’s.' },
  { name: 'tags', type: 'list', isPersonal: false, description: 'Labels, in the order of their first use.' },
  { name: 'created_at', type: 'timestamp', isPersonal: false, description: 'When the athlete was added.' },
  { name: 'opted_out', type: 'bool', isPersonal: false, description: 'Automations leave the athlete alone.' },
];

/** The columns that the document is built from. */
export type AthleteRow = Pick<
  User,
  'id' | 'name' | 'birthDate' | 'timeZone' | 'tags' | 'attributes' | 'createdAt' | 'optedOutAt'
>;

/** Builds the document of one athlete. */
export function athleteDocument(user: AthleteRow): JsonObject {
  return {
    id: user.id,
    name: user.name,
    birth_date: user.birthDate ?? null,
    time_zone: user.timeZone ?? null,
    tags: user.tags,
    created_at: instantToText(user.createdAt),
    opted_out: user.optedOutAt !== null && user.optedOutAt !== undefined,
    attributes: user.attributes as JsonObject,
  };
}

/** What a document contains beyond the athlete's row: the training and history that these fields read, at this time. */
export interface DocumentExtent {
  readonly accountId: string;
  readonly fields: readonly FilterField[];
  readonly now: Instant;
}

/** Builds the same document in SQL, from the row of `users` with this alias. */
export function athleteDocumentSql(alias = 'users', extent?: DocumentExtent): RawBuilder<JsonObject> {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const loaded = extent
    ? sql` || ${loadedFieldsSql(extent.fields, {
        accountId: sql`${extent.accountId}::uuid`,
        userId: column('id'),
        at: sql`${instantToText(extent.now)}::timestamptz`,
      })}`
    : sql``;
  return sql<JsonObject>`jsonb_build_object(
    'id', ${column('id')}, 'name', ${column('name')}, 'birth_date', ${column('birth_date')},
    'time_zone', ${column('time_zone')}, 'tags', ${column('tags')},
    'created_at', to_char(${column('created_at')} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'opted_out', ${column('opted_out_at')} is not null, 'attributes', ${column('attributes')})${loaded}`;
}
