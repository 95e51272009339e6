/** GetWorkflowStats: what became of a workflow's runs, by day and version, and the steps at which runs are now. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type {
  GetWorkflowStatsRequest,
  GetWorkflowStatsResponseSchema,
  RunCountsSchema,
  RunsAtStepSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText, instantToText, instantToTimestamp } from '../../values/instant.ts';
import { programOf } from '../actions/tree/program.ts';
import { requireWorkflow } from '../configuration/workflows.ts';
import { daysOf, type Period, readPeriod } from './statistics-period.ts';

type RunCounts = MessageInitShape<typeof RunCountsSchema>;

/**
 * Returns every UTC day of the requested period; reads at most `statisticsRows` runs of it, and as many open ones.
 * WORKFLOW_NOT_FOUND, VALIDATION_FAILED.
 */
export async function getWorkflowStats(
  tx: Transaction,
  request: GetWorkflowStatsRequest,
  now: Instant,
  limits: Pick<Limits, 'statisticsDays' | 'statisticsRows'>,
): Promise<MessageInitShape<typeof GetWorkflowStatsResponseSchema>> {
  const { id } = await requireWorkflow(tx, request.workflowId);
  const period = readPeriod(request, now, limits);
  const countedFrom = await findCountedFrom(tx, id, period, limits);
  const rows = await countRuns(tx, id, { ...period, start: countedFrom ?? period.start });
  const byDate = new Map(rows.map((row) => [row.date, row]));
  const open = await countAtSteps(tx, id, limits);
  return {
    days: daysOf(period).map((date) => ({ date, counts: countsMessage(byDate.get(date)) })),
    versions: rows.flatMap((row) =>
      row.version === null ? [] : [{ version: row.version, counts: countsMessage(row) }],
    ),
    total: countsMessage(rows.find(({ date, version }) => date === null && version === null)),
    ...(countedFrom === undefined ? {} : { countedFrom: instantToTimestamp(countedFrom) }),
    ...open,
  };
}

/** undefined: the period has no more runs than are counted. */
async function findCountedFrom(
  { accountId, sql: db }: Transaction,
  workflowId: string,
  { start, end }: Period,
  { statisticsRows }: Pick<Limits, 'statisticsRows'>,
): Promise<Instant | undefined> {
  const { rows } = await sql<{ at: string }>`
    select recorded_at as at from workflow_enrollments
    where account_id = ${accountId} and workflow_id = ${workflowId}
      and recorded_at >= ${instantToText(start)}::timestamptz and recorded_at < ${instantToText(end)}::timestamptz
    order by recorded_at desc, id desc offset ${statisticsRows} limit 1`.execute(db);
  // What was decided at the same time as the first run that is left out is left out as well.
  return rows[0] && instantFromText(rows[0].at) + 1n;
}

interface CountRow {
  /** Null: the row is of a version, or of all. */
  readonly date: string | null;
  readonly version: number | null;
  readonly entered: string;
  readonly open: string;
  readonly completed: string;
  readonly failed: string;
  readonly exited: string;
  readonly cancelled: string;
  /** Microseconds. */
  readonly median: string | null;
}

/** A row for each day and for each version that have runs, newest first, and one for all. */
async function countRuns(
  { accountId, sql: db }: Transaction,
  workflowId: string,
  { start, end }: Period,
): Promise<CountRow[]> {
  const { rows } = await sql<CountRow>`
    select date, version, count(*) as entered, count(*) filter (where ended_at is null) as open,
      count(*) filter (where state = 'COMPLETED') as completed, count(*) filter (where state = 'FAILED') as failed,
      count(*) filter (where state = 'EXITED') as exited, count(*) filter (where state = 'CANCELLED') as cancelled,
      (1000000 * extract(epoch from percentile_disc(0.5) within group (order by ended_at - recorded_at)
        filter (where state = 'COMPLETED')))::bigint as median
    from (
      select to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD') as date, workflow_version as version, state,
        recorded_at, ended_at
      from workflow_enrollments
      where account_id = ${accountId} and workflow_id = ${workflowId}
        and recorded_at >= ${instantToText(start)}::timestamptz and recorded_at < ${instantToText(end)}::timestamptz
    ) runs
    group by grouping sets ((date), (version), ())
    order by version desc, date desc`.execute(db);
  return rows;
}

const NO_RUNS: Omit<CountRow, 'date' | 'version'> = {
  ...{ entered: '0', open: '0', completed: '0', failed: '0', exited: '0', cancelled: '0', median: null },
};

function countsMessage(row: Omit<CountRow, 'date' | 'version'> = NO_RUNS): RunCounts {
  return {
    entered: BigInt(row.entered),
    open: BigInt(row.open),
    completed: BigInt(row.completed),
    failed: BigInt(row.failed),
    exited: BigInt(row.exited),
    cancelled: BigInt(row.cancelled),
    ...(row.median === null ? {} : { medianTimeToComplete: durationOf(BigInt(row.median)) }),
  };
}

const MICROS_PER_S = 1_000_000n;

function durationOf(micros: bigint) {
  return { seconds: micros / MICROS_PER_S, nanos: Number(micros % MICROS_PER_S) * 1000 };
}

/** By an index of the open runs alone. */
async function countAtSteps(
  { accountId, sql: db }: Transaction,
  workflowId: string,
  { statisticsRows }: Pick<Limits, 'statisticsRows'>,
): Promise<{ atSteps: MessageInitShape<typeof RunsAtStepSchema>[]; atStepsIncomplete: boolean }> {
  const { rows } = await sql<{ version: number; step: number; runs: string; actions: unknown[] }>`
    select c.version, c.step, c.runs, v.actions
    from (
      select version, step, count(*) as runs
      from (
        select workflow_version as version, next_step as step from workflow_enrollments
        where account_id = ${accountId} and workflow_id = ${workflowId} and ended_at is null
        order by workflow_version desc, next_step desc
        limit ${statisticsRows + 1}
      ) open
      group by version, step
    ) c
    join workflow_versions v
      on v.account_id = ${accountId} and v.workflow_id = ${workflowId} and v.version = c.version
    order by c.version desc, c.step`.execute(db);
  const read = rows.reduce((sum, { runs }) => sum + Number(runs), 0);
  return {
    atSteps: rows.map(({ version, step, runs, actions }) => {
      const { path = '', name = '' } = programOf(actions)[step] ?? {};
      return { version, step, path, name, runs: BigInt(runs) };
    }),
    atStepsIncomplete: read > statisticsRows,
  };
}
