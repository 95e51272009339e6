/** Reads that tolerate lag go to a streaming standby while it is close enough behind the primary, else to the primary. */
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { Database } from './database.ts';
import { createStandbyLag } from './standby-lag.ts';

export interface Standby {
  /**
   * As `Database.transaction`, for work that only reads. What fails on the standby runs again on the primary, so that a row
   * that has not arrived there is found; OVERLOADED does not, to keep the primary from it.
   */
  readonly transaction: Database['transaction'];
  /** Undefined: not known; reads go to the primary. */
  lagMs(): number | undefined;
  /** Transactions by the server that answered them. */
  readonly answered: Readonly<Record<'standby' | 'primary', number>>;
  close(): Promise<void>;
}

export interface StandbyOptions {
  readonly primary: Database;
  /** Closed with the standby. */
  readonly standby: Database;
  readonly limits: { readonly standbyLagMs: number; readonly standbyPollMs: number };
  /** Called when reads begin to go to the standby, and, with a reason, when they do not any more. */
  readonly onChange: (isUsed: boolean, reason?: string) => void;
}

interface Server {
  /** Of the cluster: a standby has that of its primary. */
  readonly identifier: string;
  readonly isStandby: boolean;
  readonly position: string | null;
}

/** Reads go to the primary until the standby has been asked. */
export function followStandby({ primary, standby, limits, onChange }: StandbyOptions): Standby {
  const lag = createStandbyLag();
  const answered = { standby: 0, primary: 0 };
  let wasUsed: boolean | undefined;
  let isClosed = false;
  let isLooking = false;

  const lagMs = () => lag.lagMs(performance.now());
  const isClose = () => (lagMs() ?? Number.POSITIVE_INFINITY) <= limits.standbyLagMs;

  function report(reason?: string): void {
    if (!isClosed && wasUsed !== isClose()) {
      wasUsed = isClose();
      onChange(wasUsed, wasUsed ? undefined : (reason ?? 'it is too far behind'));
    }
  }

  function giveUp(reason: string): void {
    lag.forget();
    report(reason);
  }

  async function look(): Promise<void> {
    try {
      const atMs = performance.now();
      const ahead = await ask(primary, sql`pg_current_wal_flush_lsn()`);
      lag.sent(BigInt(ahead.position ?? 0), atMs);
      const behind = await ask(standby, sql`pg_last_wal_replay_lsn()`);
      if (!behind.isStandby || behind.identifier !== ahead.identifier) {
        giveUp('it is not a standby of the primary');
      } else {
        lag.replayed(BigInt(behind.position ?? 0));
        report();
      }
    } catch (error) {
      giveUp((error as Error).message);
    }
  }

  function lookAgain(): void {
    // A server that does not answer is asked once; the lag grows meanwhile.
    if (wasUsed) {
      report();
    }
    if (!isLooking) {
      isLooking = true;
      void look().finally(() => {
        isLooking = false;
      });
    }
  }
  lookAgain();
  const timer = setInterval(lookAgain, limits.standbyPollMs).unref();

  return {
    answered,
    lagMs,
    async transaction(accountId, work, call = {}) {
      if (isClose()) {
        try {
          const answer = await standby.transaction(accountId, work, call);
          answered.standby += 1;
          return answer;
        } catch (error) {
          call.signal?.throwIfAborted();
          const reason = error instanceof DomainError ? error.reason : undefined;
          if (reason === 'OVERLOADED') {
            throw error;
          }
          if (reason === 'DATABASE_UNAVAILABLE') {
            giveUp((error as Error).message);
          }
        }
      }
      answered.primary += 1;
      return primary.transaction(accountId, work, call);
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await standby.close();
    },
  };
}

async function ask({ orm }: Database, position: ReturnType<typeof sql>): Promise<Server> {
  const { rows } = await sql<Server>`
    select system_identifier::text as identifier, pg_is_in_recovery() as "isStandby",
      (${position} - '0/0'::pg_lsn)::text as position
    from pg_control_system()`.execute(orm.em.fork().getKysely());
  const [server] = rows;
  if (!server) {
    throw new TypeError('PostgreSQL answered with no row');
  }
  return server;
}
