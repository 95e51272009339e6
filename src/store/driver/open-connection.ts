/** Opens one connection to the first of several servers that answers and will do. */
import type { Client, ClientConfig } from 'pg';
import { connectToServer } from './connect-to-server.ts';
import type { ConnectionTarget, ServerAddress, SessionAttributes } from './connection-target.ts';
import type { Session } from './session.ts';

/** No connection could be opened; the message has the reason of each server. */
export class NoConnectionError extends Error {
  override readonly name = 'NoConnectionError';
  /** PostgreSQL's code for a client that cannot connect. */
  readonly code = '08001';
}

/** Opens a connection; the signal says that it is not wanted any more. */
export type OpenConnection = (signal: AbortSignal) => Promise<Client>;

/**
 * Tries the addresses in order, as libpq does: the next one when a server cannot be reached, is not ready, or is not
 * what `target_session_attrs` asks for; no other one when a server refuses the login or is not the one that it should
 * be. All together may take `timeoutMs`, unless the target has a limit for each. Throws NoConnectionError.
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

/** What a server has to be at each round over all addresses. */
function passesOf(attributes: SessionAttributes): readonly Exclude<SessionAttributes, 'prefer-standby'>[] {
  return attributes === 'prefer-standby' ? ['standby', 'any'] : [attributes];
}

/** undefined: the server will do. */
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
