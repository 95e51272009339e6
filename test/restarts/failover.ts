/** Kills the primary under load, promotes its synchronous standby, and reports the effects on clients. */
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { startReplicatedPostgres } from '../support/replicated-postgres.ts';
import { startCommand, urlIn } from '../support/service-process.ts';
import { createAthletes } from './athletes.ts';
import { findDiscrepancies } from './books.ts';
import { createConnectCaller, createRoundRobinCaller } from './callers.ts';
import { countAcknowledged, type Failure, type Load, startLoad } from './load.ts';

export interface FailoverOptions {
  readonly callsPerSecond: number;
  /** How long calls are made before the primary is killed, and after the standby was promoted. */
  readonly eachMs: number;
}

export interface FailoverReport {
  readonly acknowledgedBefore: number;
  readonly acknowledgedAfter: number;
  /** What clients saw after their own retries; each call was repeated under its request ID until it was acknowledged. */
  readonly failures: readonly Failure[];
  /** From the kill until the standby took writes. */
  readonly promotionMs: number;
  /** From then until the first write was acknowledged, and until the last call failed. */
  readonly firstWriteMs: number;
  readonly lastFailureMs: number;
  /** Athletes whose rows differ from the acknowledged writes. */
  readonly discrepancies: readonly string[];
}

const POLL_MS = 5;

export async function failOverUnderLoad({
  callsPerSecond,
  eachMs,
}: FailoverOptions): Promise<FailoverReport> {
  const postgres = await startReplicatedPostgres({ isSynchronous: true });
  const hosts = `127.0.0.1:${postgres.firstPort},127.0.0.1:${postgres.standbyPort}`;
  const databaseUrl = `postgres://postgres@${hosts}/postgres?target_session_attrs=read-write`;
  const database = openDatabase(databaseUrl, { connections: 2, connectionWaitMs: 10_000 });
  try {
    await migrate(database);
    const athletes = await createAthletes(database);
    const server = startCommand(['serve'], { DATABASE_URL: databaseUrl });
    const port = Number(new URL(urlIn(await server.firstLine)).port);
    const callers = [createRoundRobinCaller, createConnectCaller].map((create) => create([port]));
    let lastFailureAtMs = 0;
    const load = startLoad(callers, athletes, callsPerSecond, () => {
      lastFailureAtMs = performance.now();
    });
    try {
      await delay(eachMs);
      const killedAtMs = performance.now();
      const acknowledgedBefore = countAcknowledged(load);
      await postgres.failOver();
      const promotedAtMs = performance.now();
      const acknowledgedMeanwhile = countAcknowledged(load);
      await untilMoreThan(acknowledgedMeanwhile, load);
      const firstWriteMs = performance.now() - promotedAtMs;
      await delay(eachMs);
      await load.stop();
      return {
        acknowledgedBefore,
        acknowledgedAfter: countAcknowledged(load) - acknowledgedMeanwhile,
        failures: load.failures,
        promotionMs: promotedAtMs - killedAtMs,
        firstWriteMs,
        lastFailureMs: Math.max(0, lastFailureAtMs - promotedAtMs),
        discrepancies: await findDiscrepancies(database, athletes, load),
      };
    } finally {
      await load.stop();
      for (const caller of callers) {
        caller.close();
      }
      server.child.kill('SIGKILL');
      await server.ended;
    }
  } finally {
    await database.close();
    await postgres.stop();
  }
}

async function untilMoreThan(count: number, load: Load): Promise<void> {
  while (countAcknowledged(load) <= count) {
    await delay(POLL_MS);
  }
}
