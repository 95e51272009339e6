/**
 * What the clients' suites run against: the service behind a proxy, one that has lost its database, and a control
 * address over which a suite cuts connections and restarts the service.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/server/logger.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { startTcpProxy } from '../faults/tcp-proxy.ts';
import { createAthlete, createTeammate } from '../support/fixtures.ts';
import { holdAthlete } from '../support/held-athlete.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** What a suite gets as JSON: `$name` in a case stands for the field of this name. */
export interface Parts {
  readonly url: string;
  /** Of a service whose every call fails with DATABASE_UNAVAILABLE. */
  readonly unavailableUrl: string;
  /**
   * GET `/cut` cuts every connection; `/refuse` also refuses new ones for 300 ms; `/restart` restarts the service;
   * `/release` releases the held athlete; `/attempts?requestId=…` counts the calls to the service without a database.
   */
  readonly controlUrl: string;
  readonly accountId: string;
  /** Squats 100, and gets 2.5 for each session. */
  readonly userId: string;
  readonly otherUserId: string;
  /** Another transaction holds this athlete's lock. While it lasts, no later event is shown to watchers. */
  readonly heldUserId: string;
  readonly liftId: string;
  /** No row of any kind has it. */
  readonly unknownId: string;
}

export interface ClientStage {
  readonly parts: Parts;
  close(): Promise<void>;
}

/** No process listens on this port, so that a connection is refused at once. */
const NO_DATABASE = 'postgres://127.0.0.1:1/none';
const REFUSED_MS = 300;

export async function startClientStage(): Promise<ClientStage> {
  const db = await createTestDatabase();
  const parameters = { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '2.5' };
  const athlete = await createAthlete(db.database, {
    lifts: { squat: '100' },
    rules: [{ type: 'LINEAR_PROGRESSION', parameters }],
  });
  const [other, held] = [
    await createTeammate(db.database, athlete, { squat: '100' }),
    await createTeammate(db.database, athlete, { squat: '100' }),
  ];
  const holding = await holdAthlete(db.open(), { accountId: athlete.accountId, userId: held.userId });
  const lost = openDatabase(NO_DATABASE, { connections: 2, connectionWaitMs: 1_000 });
  const attempts: string[] = [];
  const unavailable = await serve(lost, (line) => attempts.push(line));
  let server = await serve(db.database, () => undefined);
  const proxy = await startTcpProxy();
  const target = () => ({ host: server.host, port: server.port });
  proxy.setTarget(target());

  const controls: Readonly<Record<string, () => unknown>> = {
    cut: () => proxy.cut(),
    release: () => holding.release(),
    async refuse() {
      proxy.setTarget(undefined);
      proxy.cut();
      void delay(REFUSED_MS).then(() => proxy.setTarget(target()));
    },
    async restart() {
      const stopped = server.close();
      server = await serve(db.database, () => undefined);
      proxy.setTarget(target());
      await stopped;
    },
  };
  const control = createServer(async ({ url }, answer) => {
    const { pathname, searchParams } = new URL(`${url}`, 'http://control');
    if (pathname === '/attempts') {
      const requestId = `"${searchParams.get('requestId')}"`;
      answer.end(`${attempts.filter((line) => line.includes(requestId)).length}`);
      return;
    }
    await controls[pathname.slice(1)]?.();
    answer.end('done');
  });
  await once(control.listen(0, '127.0.0.1'), 'listening');

  return {
    parts: {
      url: `http://127.0.0.1:${proxy.port}`,
      unavailableUrl: unavailable.url,
      controlUrl: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
      accountId: athlete.accountId,
      userId: athlete.userId,
      otherUserId: other.userId,
      heldUserId: held.userId,
      liftId: `${athlete.liftIds.squat}`,
      unknownId: uuidv7(),
    },
    async close() {
      await holding.release();
      control.close();
      await proxy.close();
      await Promise.all([server.close(), unavailable.close()]);
      await Promise.all([lost.close(), db.close()]);
    },
  };
}

function serve(database: Database, write: (line: string) => void) {
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0' });
  return startService(config, database, createLogger('info', { write }));
}
