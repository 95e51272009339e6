/**
 * Connects to one PostgreSQL server, encrypted, in clear text, or first the one and then the other, and
 * opens the session with it.
 */

import type { Duplex } from 'node:stream';
import { Client, type ClientBase, type ClientConfig, DatabaseError } from 'pg';
import type { ConnectionTarget, ServerAddress } from './connection-target.ts';
import { type Attempt, type Attempts, attemptsFor } from './encryption.ts';

/**
 * Settings on which the service's statements and the texts of their values depend. They override other defaults of the
 * database, the role or the server (`alter database … set`). pg_catalog comes first in every search path without it, and
 * the temporary schema last, so that no other object can replace one of PostgreSQL or the service.
 */
const SETTINGS = {
  search_path: 'public, pg_temp',
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  client_min_messages: 'warning',
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
  /** Whether transactions are read-only by default; those of a standby always are. */
  readonly isReadOnly: boolean;
}

/** Sets the settings of a new session, and reads the state of its server, in one statement. */
async function openSession(client: ClientBase): Promise<Session> {
  const { rows } = await client.query<{ is_standby: boolean; transaction_read_only: string }>(OPEN_SESSION);
  return {
    isStandby: rows[0]?.is_standby === true,
    isReadOnly: rows[0]?.transaction_read_only !== 'off',
  };
}

/** The common options of all attempts to open a connection. */
export interface AttemptOptions {
  readonly client: ClientConfig;
  /** How long an attempt may take. */
  readonly attemptMs: number;
  /** Aborted when the connection is not needed any more. */
  readonly signal: AbortSignal;
}

/** The session of the client is set up. */
export interface Connected {
  readonly kind: 'CONNECTED';
  readonly client: Client;
  readonly session: Session;
}

export interface Failure {
  /**
   * UNREACHABLE: the server does not answer, or is not ready. LOST: the connection ended without a reason. REFUSED: the
   * server refuses the login, or fails the verification.
   */
  readonly kind: 'UNREACHABLE' | 'LOST' | 'REFUSED';
  readonly reason: string;
  readonly error: unknown;
}

/** cannot_connect_now: the server starts, stops or recovers. */
const NOT_READY = '57P03';
/** The message of `pg` on timeout. */
const TIMEOUT = 'timeout expired';
/** The message of `pg` when the server has no TLS. */
const NO_TLS = 'The server does not support SSL connections';

/** With two ways to connect, the second one is tried when the server was reached and the first one failed. */
export async function connectToServer(
  address: ServerAddress,
  target: ConnectionTarget,
  options: AttemptOptions,
): Promise<Connected | Failure> {
  let attempts: Attempts;
  try {
    attempts = attemptsFor(address.host, target.encryption);
  } catch (error) {
    return { kind: 'REFUSED', reason: messageOf(error), error };
  }
  const [first, second] = attempts;
  const outcome = await connect(address, first, target, options);
  if (outcome.kind === 'CONNECTED' || outcome.kind === 'UNREACHABLE' || second === undefined) {
    return outcome;
  }
  const other = await connect(address, second, target, options);
  return other.kind === 'CONNECTED' ? other : joinFailures(outcome, other, second);
}

async function connect(
  address: ServerAddress,
  attempt: Attempt,
  target: ConnectionTarget,
  { client: common, attemptMs, signal }: AttemptOptions,
): Promise<Connected | Failure> {
  const client = new Client({
    ...common,
    ...address,
    ...{ user: target.user, password: target.password, database: target.database },
    ...{ application_name: target.applicationName, options: target.options },
    ssl: attempt,
    sslnegotiation: 'postgres',
    connectionTimeoutMillis: attemptMs,
  });
  // The failure also rejects the attempt. An unhandled 'error' event would end the process.
  client.on('error', () => undefined);
  const giveUp = () => streamOf(client).destroy(new Error('the connection is not wanted any more'));
  signal.addEventListener('abort', giveUp);
  try {
    signal.throwIfAborted();
    await client.connect();
    return { kind: 'CONNECTED', client, session: await openSession(client) };
  } catch (error) {
    streamOf(client).destroy();
    return failureOf(error, attemptMs);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** `pg` does not declare the stream of a client. It replaces the stream only when it starts TLS. */
export function streamOf(client: ClientBase): Duplex {
  return (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection.stream;
}

function failureOf(error: unknown, attemptMs: number): Failure {
  const reason = messageOf(error);
  if (error instanceof DatabaseError) {
    return { kind: error.code === NOT_READY ? 'UNREACHABLE' : 'REFUSED', reason, error };
  }
  if (reason === TIMEOUT) {
    return { kind: 'UNREACHABLE', reason: `no answer within ${Math.round(attemptMs)} ms`, error };
  }
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect' || syscall === 'getaddrinfo' || error instanceof AggregateError) {
    return { kind: 'UNREACHABLE', reason, error };
  }
  return { kind: syscall || reason.startsWith('Connection terminated') ? 'LOST' : 'REFUSED', reason, error };
}

/** A host with several addresses fails with one error for each. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map(messageOf).join(', ');
  }
  const { message, code } = error as NodeJS.ErrnoException;
  return (message || code || 'no reason given').replace(/\s+/g, ' ');
}

/** Both failures; without the first one when it is only that the server has no TLS. */
function joinFailures(first: Failure, second: Failure, attempt: Attempt): Failure {
  if (first.reason === NO_TLS) {
    return second;
  }
  const [now, before] = attempt ? ['encrypted', 'in clear text'] : ['in clear text', 'encrypted'];
  return { ...second, reason: `${before}: ${first.reason}; ${now}: ${second.reason}` };
}
