/** What every session with PostgreSQL sets for itself, and what it learns of its server. */
import type { ClientBase } from 'pg';

/**
 * What the service's statements and the texts of their values depend on. A database, a role or a server may have other
 * defaults (`alter database … set`), which change nothing then. pg_catalog comes first in every search path that does
 * not name it, and the temporary schema last, so that no other object stands in for one of PostgreSQL's or ours.
 */
const SETTINGS = {
  search_path: 'public, pg_temp',
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
} as const;

function setAll(isLocal: boolean): string {
  return Object.entries(SETTINGS)
    .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', ${isLocal})`)
    .join(', ');
}

/** For one transaction, behind a proxy that gives each transaction another session. */
export const SET_FOR_TRANSACTION = `select ${setAll(true)}`;

const OPEN_SESSION = `
  select pg_catalog.pg_is_in_recovery() as is_standby,
    pg_catalog.current_setting('transaction_read_only') as transaction_read_only, ${setAll(false)}`;

export interface Session {
  /** Whether the server follows another one. */
  readonly isStandby: boolean;
  /** Whether transactions cannot write unless they ask to; those of a standby can never. */
  readonly isReadOnly: boolean;
}

/** Sets what a new session needs, and asks what it is, in one statement. */
export async function openSession(client: ClientBase): Promise<Session> {
  const { rows } = await client.query<{ is_standby: boolean; transaction_read_only: string }>(OPEN_SESSION);
  return {
    isStandby: rows[0]?.is_standby === true,
    isReadOnly: rows[0]?.transaction_read_only !== 'off',
  };
}
