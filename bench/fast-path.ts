/** Processor time of a call with the fast path of unary gRPC and without it, by turns on one database. */
import { percentile, round } from './figures.ts';
import { findPostmaster, readProcessorTime } from './processor-time.ts';
import { runLoad } from './run-load.ts';
import { analyze, type RunningService, startServer, withDatabase, withServedAthletes } from './served.ts';

const USERS = 20_000;
const IN_FLIGHT = 64;
const TURNS = 5;
const TURN_MS = 5_000;
const ENVIRONMENT = { AUTOMATION_WORKERS: 'off' };

interface Turn {
  /** Of the service for one event, in milliseconds. */
  readonly serviceMs: number;
  readonly perSecond: number;
}

export async function runFastPathBench(): Promise<void> {
  await withServedAthletes({ users: USERS, environment: ENVIRONMENT }, async (served) => {
    const { databaseUrl } = served;
    const connect = await startServer({ DATABASE_URL: databaseUrl, GRPC_FAST_PATH: 'off', ...ENVIRONMENT });
    try {
      const postmaster = await withDatabase(databaseUrl, findPostmaster);
      await measureTurn(served, postmaster);
      await measureTurn(connect, postmaster);
      await analyze(databaseUrl);
      const turns: { readonly fast: Turn; readonly connect: Turn }[] = [];
      for (let turn = 0; turn < TURNS; turn += 1) {
        turns.push({
          fast: await measureTurn(served, postmaster),
          connect: await measureTurn(connect, postmaster),
        });
        process.stdout.write(`turn ${turn + 1}: ${JSON.stringify(turns.at(-1))}\n`);
      }
      const middle = (figure: (turn: (typeof turns)[number]) => number) =>
        round(percentile(turns.map(figure), 0.5));
      const figures = {
        fast_service_ms: middle(({ fast }) => fast.serviceMs),
        connect_service_ms: middle((turn) => turn.connect.serviceMs),
        service_ratio: middle((turn) => turn.fast.serviceMs / turn.connect.serviceMs),
        throughput_ratio: middle((turn) => turn.fast.perSecond / turn.connect.perSecond),
      };
      process.stdout.write(`${JSON.stringify(figures)}\n`);
    } finally {
      await connect.stop();
    }
  });
}

async function measureTurn(
  { url, processId }: Pick<RunningService, 'url' | 'processId'>,
  postmaster: number,
): Promise<Turn> {
  const before = readProcessorTime(processId, postmaster);
  const load = { pace: { inFlight: IN_FLIGHT }, warmUpMs: 0, measureMs: TURN_MS };
  const { events, eventsPerSecond } = await runLoad({ url, users: USERS, ...load });
  const { serviceMs } = readProcessorTime(processId, postmaster);
  return { serviceMs: (serviceMs - before.serviceMs) / events, perSecond: eventsPerSecond };
}
