/** GetUsage: how much the account has stored, by kind of rows, at a bounded cost. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type RawBuilder, sql } from 'kysely';
import type { Limits } from '../config/config.ts';
import { UsageKind, type UsageSchema } from '../gen/progression/v1/user_service_pb.ts';
import type { Transaction } from '../store/database.ts';

type Usage = MessageInitShape<typeof UsageSchema>;

/** Each table with the rest of its primary key: in that order, no other account's rows are read. */
const TABLES: readonly (readonly [kind: UsageKind, table: string, key: string])[] = [
  [UsageKind.EVENTS, 'events', 'id'],
  [UsageKind.REMOVED_EVENTS, 'removed_events', 'id'],
  [UsageKind.EXECUTIONS, 'trigger_execution_logs', 'id'],
  [UsageKind.RUNS, 'workflow_enrollments', 'id'],
  [UsageKind.RUN_STEPS, 'action_executions', 'enrollment_id, step'],
  [UsageKind.AUDIT_ENTRIES, 'audit_log', 'id'],
  [UsageKind.REQUESTS, 'requests', 'method, request_id'],
  [UsageKind.LIFT_MAXES, 'lift_maxes', 'id'],
  [UsageKind.PROGRESSION_LOGS, 'progression_logs', 'id'],
  [UsageKind.LOGGED_SETS, 'logged_sets', 'id'],
];

type UsageLimits = Pick<Limits, 'usageCountedRows' | 'usageSampledRows'>;

/** In the order of the kinds. */
export async function getUsage(tx: Transaction, limits: UsageLimits): Promise<Usage[]> {
  const usage: Usage[] = [];
  for (const [kind, table, key] of TABLES) {
    const rows = sql`from ${sql.table(table)} t where account_id = ${tx.accountId}`;
    usage.push({ kind, ...(await measure(tx, rows, sql`order by account_id, ${sql.raw(key)}`, limits)) });
  }
  return usage;
}

async function measure(
  tx: Transaction,
  rows: RawBuilder<unknown>,
  order: RawBuilder<unknown>,
  { usageCountedRows, usageSampledRows }: UsageLimits,
) {
  const { rows: found } = await sql<{ counted: number; rowBytes: number }>`
    select (select count(*)::int from (select ${rows} ${order} limit ${usageCountedRows + 1}) counted) as counted,
      coalesce((select avg(pg_column_size(t)) from (select t.* ${rows} ${order} limit ${usageSampledRows}) t), 0)::float8
        as "rowBytes"`.execute(tx.sql);
  const { counted = 0, rowBytes = 0 } = found[0] ?? {};
  const isEstimate = counted > usageCountedRows;
  const count = isEstimate ? Math.max(counted, await estimate(tx, rows)) : counted;
  return { rows: BigInt(count), bytes: BigInt(Math.round(count * rowBytes)), isEstimate };
}

/** The planner's estimate, from the latest statistics of the table. */
async function estimate({ sql: db }: Transaction, rows: RawBuilder<unknown>): Promise<number> {
  const { rows: plans } = await sql<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>`
    explain (format json) select ${rows}`.execute(db);
  return plans[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}
