/**
 * One slot in the pool of `pg`: a connection to the first of several servers that answers and has the
 * session attributes that were asked for.
 */

import { EventEmitter } from 'node:events';
import type { Client, ClientConfig } from 'pg';
import { connectToServer, type Session } from './connect-to-server.ts';
import type { ConnectionTarget, ServerAddress, SessionAttributes } from './connection-target.ts';

/** No connection could be opened; the message has the reason of each server. */
export class NoConnectionError extends Error {
  override readonly name = 'NoConnectionError';
  /** PostgreSQL's code for a client that cannot connect. */
  readonly code = '08001';
}

/** Opens a connection; the signal is aborted when it is not needed any more. */
type OpenConnection = (signal: AbortSignal) => Promise<Client>;

/**
 * Tries the addresses in order, as libpq does: the next one when a server cannot be reached, is not ready, or does not
 * match `target_session_attrs`; no other one when a server refuses the login or fails the verification. All attempts
 * together may take `timeoutMs`, unless the target has a limit for each. Throws NoConnectionError.
 */
export function connectionOpener(
  target: ConnectionTarget,
  client: ClientConfig,
  timeoutMs: number,
): OpenConnection {
  const { addresses, sessionAttributes, connectTimeoutMs } = target;
  const attemptMs = Math.min(connectTimeoutMs ?? timeoutMs / addresses.length, timeoutMs);
  return async (signal) => {
    const reasons: string[] = [];
    for (const attributes of passesOf(sessionAttributes)) {
      for (const address of addresses) {
        const outcome = await connectToServer(address, target, { client, attemptMs, signal });
        if (outcome.kind !== 'CONNECTED') {
          if (addresses.length === 1 || outcome.kind === 'REFUSED' || signal.aborted) {
            throw new NoConnectionError(outcome.reason, { cause: outcome.error });
          }
          reasons.push(`${nameOf(address)}: ${outcome.reason}`);
          continue;
        }
        const mismatch = mismatchOf(attributes, outcome.session);
        if (mismatch === undefined) {
          return outcome.client;
        }
        await outcome.client.end();
        reasons.push(`${nameOf(address)} ${mismatch}`);
      }
    }
    throw new NoConnectionError(reasons.join('; '));
  };
}

/** The kind of server that each round over all addresses accepts. */
function passesOf(attributes: SessionAttributes): readonly Exclude<SessionAttributes, 'prefer-standby'>[] {
  return attributes === 'prefer-standby' ? ['standby', 'any'] : [attributes];
}

/** The reason for which a server is not suitable; undefined: it is. */
function mismatchOf(
  attributes: Exclude<SessionAttributes, 'prefer-standby'>,
  { isStandby, isReadOnly }: Session,
): string | undefined {
  switch (attributes) {
    case 'any':
      return undefined;
    case 'read-write':
      return isReadOnly ? 'is read-only' : undefined;
    case 'read-only':
      return isReadOnly ? undefined : 'is not read-only';
    case 'primary':
      return isStandby ? 'is a standby' : undefined;
    case 'standby':
      return isStandby ? undefined : 'is not a standby';
  }
}

function nameOf({ host, port }: ServerAddress): string {
  return `${host}:${port}`;
}

type Done = (error?: Error | null) => void;

/**
 * Has the members that the pool uses of a client: connect, end, the events 'error' and 'end', and whether the connection
 * is still usable. Statements go to `client`.
 */
export class PooledServer extends EventEmitter {
  readonly #open: OpenConnection;
  readonly #unwanted = new AbortController();
  #client: Client | undefined;
  #isBroken = false;
  #openedAtMs = 0;

  constructor(open: OpenConnection) {
    super();
    this.#open = open;
  }

  /** Throws TypeError before the pool has connected. */
  get client(): Client {
    if (!this.#client) {
      throw new TypeError('the connection is not open');
    }
    return this.#client;
  }

  /** In milliseconds of `performance.now()`; 0 before it is open. */
  get openedAtMs(): number {
    return this.#openedAtMs;
  }

  connect(done: Done): void {
    this.#open(this.#unwanted.signal).then((client) => this.#adopt(client, done), done);
  }

  end(done: Done = () => undefined): void {
    this.#unwanted.abort();
    if (this.#client) {
      this.#client.end().then(() => done(), done);
    } else {
      done();
    }
  }

  isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** Read by the pool, which closes a connection when it is false. */
  get _queryable(): boolean {
    return !this.#isBroken;
  }

  /** Read by the pool, which closes a connection when it is true. */
  get _ending(): boolean {
    return this.#unwanted.signal.aborted;
  }

  #adopt(client: Client, done: Done): void {
    this.#client = client;
    this.#openedAtMs = performance.now();
    client.on('error', (error) => {
      this.#isBroken = true;
      this.emit('error', error);
    });
    client.on('end', () => {
      this.#isBroken = true;
      this.emit('end');
    });
    if (this._ending) {
      this.end(() => done(new Error('the connection is not wanted any more')));
    } else {
      done(null);
    }
  }
}
