/** Measures reading an athlete's log, on the first page and on a distant one. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { ProgressionService } from '../src/gen/progression/v1/progression_service_pb.ts';
import { percentile, reportBounded, round } from './figures.ts';
import { ACCOUNT_ID, userId } from './fixture.ts';

export type PageFigures = Record<string, number>;

const PAGE_SIZE = 50;
const FAR_PAGE = 1_000;
const MOST_PAGE_SIZE = 500;
const WARM_UP = 10;
const REPETITIONS = 50;
const BOUND_MS = 20;

/** Of the athlete with this number: the first page and the thousandth, or the last before that. */
export async function measurePages(url: string, athlete: number): Promise<PageFigures> {
  const client = createClient(ProgressionService, createGrpcTransport({ baseUrl: url }));
  const headers = { 'x-account-id': ACCOUNT_ID };
  const read = (pageSize: number, pageToken: string) =>
    client.listProgressionLogs({ userId: userId(athlete), pageSize, pageToken }, { headers });
  const counted = { userId: userId(athlete), includeTotalSize: true };
  const { totalSize } = await client.listProgressionLogs(counted, { headers });
  const farPage = Math.min(FAR_PAGE, Math.floor(totalSize / PAGE_SIZE));
  let farToken = '';
  for (let skipped = (farPage - 1) * PAGE_SIZE; skipped > 0; skipped -= MOST_PAGE_SIZE) {
    farToken = (await read(Math.min(MOST_PAGE_SIZE, skipped), farToken)).nextPageToken;
  }
  const figures: PageFigures = { rows: totalSize, far_page: farPage };
  for (const [name, page, token] of [
    ['first', 1, ''],
    ['far', farPage, farToken],
  ] as const) {
    const timesMs: number[] = [];
    for (let n = 0; n < WARM_UP + REPETITIONS; n += 1) {
      const beganMs = performance.now();
      const { logs } = await read(PAGE_SIZE, token);
      timesMs.push(performance.now() - beganMs);
      if (logs.length !== PAGE_SIZE) {
        throw new TypeError(`page ${page} has ${logs.length} rows`);
      }
    }
    const measured = timesMs.slice(WARM_UP);
    const [p50, p95] = [percentile(measured, 0.5), percentile(measured, 0.95)];
    reportBounded(
      `ListProgressionLogs, page ${page} of ${totalSize} rows, p95`,
      p95,
      BOUND_MS,
      'ms',
      `p50 ${p50.toFixed(1)} ms`,
    );
    figures[`${name}_p50_ms`] = round(p50);
    figures[`${name}_p95_ms`] = round(p95);
  }
  return figures;
}
