/** GetTriggerStats: counts a trigger's evaluations, matches and enrollments per day. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type {
  DailyTriggerStatsSchema,
  GetTriggerStatsRequest,
  GetTriggerStatsResponseSchema,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText, instantToText, instantToTimestamp } from '../../values/instant.ts';
import { requireTrigger } from '../configuration/workflows.ts';
import { daysOf, type Period, readPeriod } from './statistics-period.ts';

type DailyStats = MessageInitShape<typeof DailyTriggerStatsSchema> & DayCounts;

interface DayCounts {
  readonly date: string;
  readonly evaluated: bigint;
  readonly matched: bigint;
  readonly enrolled: bigint;
  readonly blocked: { [reason: string]: bigint };
}

/** Returns every UTC day of the requested period; bounded by `statisticsRows`. Errors: TRIGGER_NOT_FOUND, VALIDATION_FAILED. */
export async function getTriggerStats(
  tx: Transaction,
  request: GetTriggerStatsRequest,
  now: Instant,
  limits: Pick<Limits, 'statisticsDays' | 'statisticsRows'>,
): Promise<MessageInitShape<typeof GetTriggerStatsResponseSchema>> {
  const { id, triggerEvent } = await requireTrigger(tx, request.triggerId);
  const { start, end } = readPeriod(request, now, limits);
  const countedFrom = await findCountedFrom(tx, { id, triggerEvent }, { start, end }, limits);
  const evaluated = await countEvaluated(tx, { id, triggerEvent }, countedFrom ?? start, end);
  const logged = await countLogged(tx, id, countedFrom ?? start, end);
  const days: DailyStats[] = daysOf({ start, end }).map((date) => ({
    ...(logged.get(date) ?? NO_COUNTS),
    ...{ date, evaluated: evaluated.get(date) ?? 0n },
  }));
  return {
    days,
    total: computeTotal(days),
    ...(countedFrom === undefined ? {} : { countedFrom: instantToTimestamp(countedFrom) }),
  };
}

/**
 * Where counting starts when the period has more than `statisticsRows` events of the type, or execution logs of the
 * trigger: the cost of a call does not grow with the history. undefined: at the start of the period.
 */
async function findCountedFrom(
  { accountId, sql: db }: Transaction,
  trigger: { id: string; triggerEvent: string },
  { start, end }: Period,
  { statisticsRows }: Pick<Limits, 'statisticsRows'>,
): Promise<Instant | undefined> {
  const [from, to] = [instantToText(start), instantToText(end)];
  const { rows } = await sql<{ at: string | null }>`
    select greatest(
      (select recorded_at from events
        where account_id = ${accountId} and type = ${trigger.triggerEvent}
          and recorded_at >= ${from}::timestamptz and recorded_at < ${to}::timestamptz
        order by recorded_at desc offset ${statisticsRows} limit 1),
      (select executed_at from trigger_execution_logs
        where account_id = ${accountId} and trigger_id = ${trigger.id}
          and executed_at >= ${from}::timestamptz and executed_at < ${to}::timestamptz
        order by executed_at desc, id desc offset ${statisticsRows} limit 1)
    ) as at`.execute(db);
  const at = rows[0]?.at ?? null;
  // What happened at the same time as the first row that is left out is left out as well.
  return at === null ? undefined : instantFromText(at) + 1n;
}

const NO_COUNTS: Omit<DayCounts, 'evaluated'> = { date: '', matched: 0n, enrolled: 0n, blocked: {} };

/** Counts, by day, the events of the trigger's type that were accepted while the trigger was activated. */
async function countEvaluated(
  { accountId, sql: db }: Transaction,
  trigger: { id: string; triggerEvent: string },
  start: Instant,
  end: Instant,
): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await sql<{ date: string; count: string }>`
    select to_char(e.recorded_at at time zone 'UTC', 'YYYY-MM-DD') as date, count(*) as count
    from events e
    where e.account_id = ${accountId} and e.type = ${trigger.triggerEvent}
      and e.recorded_at >= ${instantToText(start)}::timestamptz and e.recorded_at < ${instantToText(end)}::timestamptz
      and (e.trigger_id is null or e.trigger_id = ${trigger.id})
      and exists (
        select from trigger_activity a
        where a.account_id = ${accountId} and a.trigger_id = ${trigger.id}
          and a.began_at <= e.recorded_at and (a.ended_at is null or a.ended_at > e.recorded_at))
    group by 1`.execute(db);
  return new Map(rows.map(({ date, count }) => [date, BigInt(count)]));
}

/** Counts execution logs by day and reason, without those of TestTrigger. */
async function countLogged(
  { accountId, sql: db }: Transaction,
  triggerId: string,
  start: Instant,
  end: Instant,
): Promise<ReadonlyMap<string, Omit<DayCounts, 'evaluated'>>> {
  const { rows } = await sql<{ date: string; reason: string; matched: string; enrolled: string }>`
    select to_char(executed_at at time zone 'UTC', 'YYYY-MM-DD') as date,
      coalesce(failure_reason, '') as reason, count(*) filter (where matched) as matched,
      count(*) filter (where enrolled) as enrolled
    from trigger_execution_logs
    where account_id = ${accountId} and trigger_id = ${triggerId} and kind <> 'TEST'
      and executed_at >= ${instantToText(start)}::timestamptz and executed_at < ${instantToText(end)}::timestamptz
    group by 1, 2`.execute(db);
  const byDay = Map.groupBy(rows, ({ date }) => date);
  return new Map(
    [...byDay].map(([date, ofDay]) => {
      const blocked = ofDay.filter(({ reason, matched }) => reason !== '' && matched !== '0');
      const counts = {
        date,
        matched: sum(ofDay.map(({ matched }) => BigInt(matched))),
        enrolled: sum(ofDay.map(({ enrolled }) => BigInt(enrolled))),
        blocked: Object.fromEntries(blocked.map(({ reason, matched }) => [reason, BigInt(matched)])),
      };
      return [date, counts];
    }),
  );
}

function computeTotal(days: readonly DailyStats[]): DailyStats {
  const reasons = new Set(days.flatMap(({ blocked }) => Object.keys(blocked)));
  return {
    date: '',
    evaluated: sum(days.map(({ evaluated }) => evaluated)),
    matched: sum(days.map(({ matched }) => matched)),
    enrolled: sum(days.map(({ enrolled }) => enrolled)),
    blocked: Object.fromEntries(
      [...reasons].map((reason) => [reason, sum(days.map(({ blocked }) => blocked[reason] ?? 0n))]),
    ),
  };
}

function sum(counts: readonly bigint[]): bigint {
  return counts.reduce((total, count) => total + count, 0n);
}
