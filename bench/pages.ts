/**
 * The benchmark of long histories: how long reads of an athlete with 60,000 log rows take, in an account of 100,000
 * athletes and five million rows. The second argument is another number of rows.
 */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { MaxType, ProgressionType, TriggerType } from '../src/gen/progression/v1/common_pb.ts';
import { ProgressionService } from '../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../src/gen/progression/v1/user_service_pb.ts';
import { percentile, reportBounded, round } from './figures.ts';
import { ACCOUNT_ID, liftIds, SESSION_LIFTS, userId } from './fixture.ts';
import { keepRowSizes, requirePgbench } from './floor.ts';
import { fillHistory } from './history.ts';
import { withDatabase, withServedAthletes } from './served.ts';

export type PageFigures = Record<string, number>;

const ROWS = Number(process.argv[3] || 5_000_000);
const ATHLETES = Math.min(100_000, ROWS / 50);
const ROWS_OF_ONE = Math.min(60_000, ROWS / 2);
const PAGE_SIZE = 50;
const FAR_PAGE = 1_000;
const MOST_PAGE_SIZE = 500;
const WARM_UP = 10;
const REPETITIONS = 50;
const BOUND_MS = 20;

/** Prints p95 and p50 of each read, and at the end all of them as JSON. */
export async function runPagesBench(): Promise<void> {
  await requirePgbench();
  const environment = { AUTOMATION_WORKERS: 'off' };
  await withServedAthletes({ users: ATHLETES + 1, environment }, async (served) => {
    await keepRowSizes(served, ATHLETES);
    await withDatabase(served.databaseUrl, (database) =>
      fillHistory(database, [
        { firstAthlete: 1, athletes: ATHLETES, sessions: Math.ceil((ROWS - ROWS_OF_ONE) / SESSION_LIFTS) },
        { firstAthlete: ATHLETES + 1, athletes: 1, sessions: Math.ceil(ROWS_OF_ONE / SESSION_LIFTS) },
      ]),
    );
    process.stdout.write(`${ROWS} rows of ${ATHLETES} athletes, and of one more ${ROWS_OF_ONE}\n`);
    process.stdout.write(`${JSON.stringify(await measurePages(served.url, ATHLETES + 1))}\n`);
  });
}

/** Of the athlete with this number; the far page is the thousandth, or the last before that. */
export async function measurePages(url: string, athlete: number): Promise<PageFigures> {
  const transport = createGrpcTransport({ baseUrl: url });
  const progression = createClient(ProgressionService, transport);
  const users = createClient(UserService, transport);
  const reading = { headers: { 'x-account-id': ACCOUNT_ID } };
  const user = userId(athlete);
  const [liftId = ''] = liftIds(1);
  const listLogs = (asked: Parameters<typeof progression.listProgressionLogs>[0] = {}) =>
    progression.listProgressionLogs({ userId: user, pageSize: PAGE_SIZE, ...asked }, reading);
  const countLogs = async (asked: Parameters<typeof listLogs>[0] = {}) =>
    (await listLogs({ includeTotalSize: true, ...asked })).totalSize;
  const exportPage = (pageToken: string, pageSize = PAGE_SIZE) =>
    users.exportUserData({ userId: user, pageSize, pageToken }, reading);
  const lengthOf = async (list: Promise<{ readonly logs: readonly unknown[] }>) => (await list).logs.length;

  const totalSize = await countLogs();
  const farPage = Math.min(FAR_PAGE, Math.floor(totalSize / PAGE_SIZE));
  const farToken = await skip((farPage - 1) * PAGE_SIZE, (pageSize, pageToken) =>
    listLogs({ pageSize, pageToken }),
  );
  // Versions of maxes come first, as many as log rows; the token is among the rows of the log.
  const exportToken = await skip(totalSize + (farPage - 1) * PAGE_SIZE, (pageSize, pageToken) =>
    exportPage(pageToken, pageSize),
  );
  const never = { triggerType: TriggerType.AFTER_CYCLE };
  const reads: Readonly<Record<string, () => Promise<number>>> = {
    logs_first: () => lengthOf(listLogs()),
    logs_far: () => lengthOf(listLogs({ pageToken: farToken })),
    logs_of_lift: () => lengthOf(listLogs({ liftId })),
    logs_of_rule_type: () => lengthOf(listLogs({ progressionType: ProgressionType.LINEAR_PROGRESSION })),
    logs_of_trigger_without_any: () => lengthOf(listLogs(never)),
    logs_total: () => countLogs(),
    logs_total_of_lift: () => countLogs({ liftId }),
    logs_total_of_trigger: () => countLogs({ triggerType: TriggerType.AFTER_SESSION }),
    logs_of_account: () => lengthOf(listLogs({ userId: '' })),
    lift_maxes: async () => (await progression.listLiftMaxes({ userId: user }, reading)).liftMaxes.length,
    lift_maxes_of_account: async () => (await progression.listLiftMaxes({}, reading)).liftMaxes.length,
    lift_max_versions: async () =>
      (
        await progression.listLiftMaxVersions(
          { userId: user, liftId, maxType: MaxType.TRAINING_MAX },
          reading,
        )
      ).liftMaxes.length,
    sessions: async () => (await progression.listSessions({ userId: user }, reading)).sessions.length,
    sessions_of_lift_total: async () =>
      (await progression.listSessions({ userId: user, liftId, includeTotalSize: true }, reading)).totalSize,
    simulated_weeks: async () =>
      (
        await progression.simulateProgressions(
          { userId: user, horizon: { case: 'weeks', value: 12 } },
          reading,
        )
      ).events.length,
    export_first: async () => (await exportPage('')).records.length,
    export_far: async () => (await exportPage(exportToken)).records.length,
  };
  const figures: PageFigures = { rows: totalSize, far_page: farPage };
  for (const [name, read] of Object.entries(reads)) {
    Object.assign(figures, await measureRead(name, read));
  }
  return figures;
}

/** The token of the page behind so many rows. */
async function skip(
  rows: number,
  page: (pageSize: number, pageToken: string) => Promise<{ readonly nextPageToken: string }>,
): Promise<string> {
  let token = '';
  for (let skipped = rows; skipped > 0; skipped -= MOST_PAGE_SIZE) {
    token = (await page(Math.min(MOST_PAGE_SIZE, skipped), token)).nextPageToken;
  }
  return token;
}

async function measureRead(name: string, read: () => Promise<number>): Promise<PageFigures> {
  const timesMs: number[] = [];
  let found = 0;
  for (let n = 0; n < WARM_UP + REPETITIONS; n += 1) {
    const beganMs = performance.now();
    found = await read();
    timesMs.push(performance.now() - beganMs);
  }
  const measured = timesMs.slice(WARM_UP);
  const [p50, p95] = [percentile(measured, 0.5), percentile(measured, 0.95)];
  reportBounded(`${name}, p95`, p95, BOUND_MS, 'ms', `p50 ${p50.toFixed(1)} ms, found ${found}`);
  return { [`${name}_p50_ms`]: round(p50), [`${name}_p95_ms`]: round(p95) };
}
