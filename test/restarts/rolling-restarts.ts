/** Restarts two servers in turn under load, and reports the effects on their clients. */
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createAthletes } from './athletes.ts';
import { type AttemptWatch, watchAttempts } from './attempts.ts';
import { findDiscrepancies } from './books.ts';
import { createConnectCaller, createPickFirstCaller, createRoundRobinCaller } from './callers.ts';
import { countAcknowledged, type Failure, startLoad } from './load.ts';
import { type RestartTimes, type ServerPair, startServerPair } from './server-pair.ts';

/** How long clients may take to find a restarted server; a client's pauses between connections grow. */
const RETURN_MS = 30_000;

export interface RestartOptions {
  /** An empty or a migrated database. */
  readonly databaseUrl: string;
  readonly restarts: number;
  readonly signal: 'SIGTERM' | 'SIGKILL';
  readonly callsPerSecond: number;
  readonly drainPauseMs: number;
  /** Called for every restart, and for every failure. */
  readonly onRestart?: (count: number, times: RestartTimes) => void;
  readonly onFailure?: (failure: Failure) => void;
}

export interface RestartReport {
  readonly restarts: number;
  readonly calls: number;
  readonly failures: readonly Failure[];
  /** Attempts that reached a connection, beyond one for each call. */
  readonly retries: number;
  readonly replays: number;
  readonly slowestMs: number;
  /** Of processes from the signal to their end, and from their start to ready. */
  readonly longestStopMs: number;
  readonly longestStartMs: number;
  readonly acknowledgedWrites: number;
  /** Athletes whose rows differ from the acknowledged writes. */
  readonly discrepancies: readonly string[];
}

/** Resolves when every call is answered. Rejects when a server does not come back. */
export async function restartUnderLoad(options: RestartOptions): Promise<RestartReport> {
  const database = openDatabase(options.databaseUrl, { connections: 2, connectionWaitMs: 10_000 });
  try {
    await migrate(database);
    const athletes = await createAthletes(database);
    const servers = await startServerPair(options);
    const callers = [createPickFirstCaller, createRoundRobinCaller, createConnectCaller].map((createCaller) =>
      createCaller(servers.ports),
    );
    const attempts = watchAttempts();
    const load = startLoad(callers, athletes, options.callsPerSecond, options.onFailure);
    try {
      const times = await restartInTurn(servers, attempts, options);
      await load.stop();
      const { calls, failures, replays, slowestMs } = load;
      return {
        restarts: times.length,
        calls,
        failures,
        retries: attempts.count - calls,
        replays,
        slowestMs,
        longestStopMs: Math.max(...times.map(({ stopMs }) => stopMs)),
        longestStartMs: Math.max(...times.map(({ startMs }) => startMs)),
        acknowledgedWrites: countAcknowledged(load),
        discrepancies: await findDiscrepancies(database, athletes, load),
      };
    } finally {
      attempts.stop();
      for (const caller of callers) {
        caller.close();
      }
      await servers.stop();
    }
  } finally {
    await database.close();
  }
}

/** The next server is restarted when clients use this one again, as with a deployment's `minReadySeconds`. */
async function restartInTurn(
  servers: ServerPair,
  attempts: AttemptWatch,
  options: RestartOptions,
): Promise<RestartTimes[]> {
  const times: RestartTimes[] = [];
  await Promise.all(servers.ports.map((port) => attempts.nextByGrpc(port, RETURN_MS)));
  while (times.length < options.restarts) {
    const index = times.length % servers.ports.length;
    const each = await servers.restart(index, options.signal);
    times.push(each);
    options.onRestart?.(times.length, each);
    await attempts.nextByGrpc(servers.ports[index] ?? 0, RETURN_MS);
  }
  return times;
}
