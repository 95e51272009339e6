/** The command serve: opens the store, migrates, seeds, serves, and stops on SIGTERM or SIGINT. */
import { setTimeout as delay } from 'node:timers/promises';
import { destination } from 'pino';
import { requireSafeBinding } from '../config/auth-config.ts';
import type { Config } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import { readBacklog } from '../events/read-backlog.ts';
import { describeMisnamedRedis } from '../events/redis/check-address.ts';
import { createLogger, type Logger } from '../server/logger.ts';
import { ListenError } from '../server/port/http-port.ts';
import type { RunningServer } from '../server/server.ts';
import { migrate } from '../store/migrate.ts';
import { openStore, type Store } from '../store/open-store.ts';
import { requireConfinement } from '../store/server-requirements.ts';
import { bringBelowPresent, findAccountsAhead } from '../store/transactions-ahead.ts';
import type { Telemetry } from '../telemetry/start-telemetry.ts';
import { openTelemetry } from '../telemetry/telemetry.ts';
import { systemClock } from '../values/system-clock.ts';
import { seedDemoHistory } from './demo-history/seed-demo-history.ts';
import { seed } from './seed-demo-account.ts';
import { startService } from './start-service.ts';
import { stopRequested } from './stop-requested.ts';
import { openTrial } from './trial.ts';

/**
 * Prints one line when the port is open. Returns after SIGTERM or SIGINT, when running calls have finished
 * and all parts are closed. Throws StartError when it cannot start, or when it loses the embedded database.
 */
export async function runServe(given: Config): Promise<void> {
  const trial = given.trial ? await openTrial(given) : undefined;
  const { config } = trial ?? { config: given };
  requireSafeBinding(config.host, config.auth);
  const stop = stopRequested();
  const logger = createLogger(config.logLevel, destination({ dest: 2, sync: false }));
  const store = await openStore(config, (line) => logger.debug({ postgres: line }, 'postgres'));
  let telemetry: Telemetry | undefined;
  try {
    telemetry = await openTelemetry(config, logger).catch(explain);
    const server = await bringUp(config, store, logger, telemetry);
    process.stdout.write(`${readyLine(server.url, trial?.token)}\n`);
    const end = await Promise.race([stop, store.lost]);
    logger.info({ end }, 'stopping');
    await server.close();
    if (end !== 'SIGTERM' && end !== 'SIGINT') {
      throw new StartError(`the embedded PostgreSQL ended by itself: ${end}`);
    }
  } finally {
    await telemetry?.close();
    // A hanging statement holds its connection; PostgreSQL ends the statement when the process closes the
    // connection.
    await Promise.race([store.close(), delay(config.limits.storeCloseMs)]);
  }
}

async function bringUp(
  config: Config,
  { database, asOwner, followStandby }: Store,
  logger: Logger,
  telemetry: Telemetry | undefined,
): Promise<RunningServer> {
  await refuseMisnamedRedis(config);
  await asOwner(migrate);
  await requireConfinement(database);
  const ahead = await findAccountsAhead(database);
  if (ahead.length > 0) {
    const events = await asOwner((owner) => bringBelowPresent(owner, ahead));
    logger.warn({ accounts: ahead.length, events }, 'restored events are in the log again');
  }
  await seed(database, systemClock);
  if (config.auth.mode === 'none' || config.trial) {
    await seedDemoHistory(database, config);
  }
  telemetry?.observePool(() => database.poolUse());
  telemetry?.observeBacklog(() => readBacklog(database, { isRelayed: config.redisUrl !== undefined }));
  const standby = followStandby((isUsed, reason) =>
    isUsed
      ? logger.info('the standby answers reads that tolerate lag')
      : logger.warn({ reason }, 'the primary answers all reads, not the standby'),
  );
  if (standby) {
    telemetry?.observeStandby(standby);
  }
  try {
    return await startService(config, database, logger, telemetry, standby);
  } catch (error) {
    return explain(error);
  }
}

/** A server that is not what the address says would refuse every relayed event. */
async function refuseMisnamedRedis({ redisUrl, limits }: Config): Promise<void> {
  const complaint = redisUrl && (await describeMisnamedRedis(redisUrl, limits));
  if (complaint) {
    throw new StartError(`REDIS_URL ${complaint}`);
  }
}

/** An unavailable port is an operator's problem: it becomes a StartError. */
function explain(error: unknown): never {
  throw error instanceof ListenError ? new StartError(error.message) : error;
}

function readyLine(url: string, token: string | undefined): string {
  const credential = token === undefined ? '' : `-H 'authorization: Bearer ${token}' `;
  const headers = `-H 'content-type: application/json' ${credential}`;
  const call = `curl -s ${headers}-d '{}' ${url}/progression.v1.UserService/ListUsers`;
  return `ready on ${url} — try: ${call}`;
}
