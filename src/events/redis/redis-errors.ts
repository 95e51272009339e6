/** What an error of a command says: that Redis is away, that it cannot serve for now, or something about the command. */
import { ErrorReply } from '@redis/client';

/**
 * A command without an effect because Redis is unavailable. Callers need not report that it is disconnected:
 * `onDisconnect` was called.
 */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisAway';
}

/** A connected Redis that cannot serve for now. `onDisconnect` was not called. */
export class RedisRefusal extends RedisUnavailable {}

/**
 * What a node says that cannot serve for now: it loads its data, its part of the cluster is down, or its memory or disk is
 * full.
 */
const PASSING = /^(LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|READONLY|MOVED|ASK|OOM|MISCONF)\b/;

/** Sends a command. Throws RedisUnavailable, or the error reply of Redis. */
export async function sendCommand<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    // The client's errors have no common class, and socket errors share their codes with database errors.
    if (!(error instanceof ErrorReply)) {
      throw new RedisUnavailable(`${error}`);
    }
    throw PASSING.test(error.message) ? new RedisRefusal(`${error}`) : error;
  }
}

/** Whether the server answered that it takes no writes: it was a master. */
export function isReadOnlyReply(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith('READONLY');
}
