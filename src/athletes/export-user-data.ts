/** ExportUserData: returns every stored row about one athlete, as it is stored. */
import { sql } from 'kysely';
import type { ExportUserDataRequest } from '../gen/progression/v1/user_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { userNotFound } from '../store/lock-user.ts';
import { decodePageToken, encodePageToken } from '../store/page.ts';

/** A table with rows about athletes, and how its rows are ordered and identified. */
interface PersonalTable {
  readonly name: string;
  /** A text that is unique among the rows of one athlete. */
  readonly key: string;
  /** Columns that the export leaves out: the account, and copies of data in other rows. */
  readonly hidden: readonly string[];
}

const ONLY_ACCOUNT = ['account_id'];

function byId(name: string): PersonalTable {
  return { name, key: 'id::text', hidden: ONLY_ACCOUNT };
}

/** All tables with a user_id; `users` comes first. */
export const PERSONAL_TABLES: readonly PersonalTable[] = [
  byId('users'),
  byId('enrollments'),
  byId('enrollment_overrides'),
  byId('equipment'),
  byId('lift_maxes'),
  byId('logged_sets'),
  byId('set_corrections'),
  byId('progression_logs'),
  { name: 'failure_counters', key: `lift_id || ' ' || progression_id`, hidden: ONLY_ACCOUNT },
  { name: 'progression_states', key: `lift_id || ' ' || progression_id`, hidden: ONLY_ACCOUNT },
  {
    name: 'requests',
    key: `method || ' ' || request_id`,
    hidden: [...ONLY_ACCOUNT, 'fingerprint', 'response'],
  },
  byId('outbox'),
  { ...byId('events'), hidden: [...ONLY_ACCOUNT, 'transaction_id'] },
  byId('removed_events'),
  byId('trigger_execution_logs'),
  byId('workflow_enrollments'),
  { name: 'action_executions', key: `enrollment_id || ' ' || step`, hidden: ONLY_ACCOUNT },
  { name: 'workflow_holds', key: 'workflow_id::text', hidden: ONLY_ACCOUNT },
  byId('dead_letters'),
  byId('time_cursors'),
  { name: 'planned_sessions', key: 'session_id::text', hidden: ONLY_ACCOUNT },
  byId('audit_log'),
];

interface Row {
  readonly key: string;
  readonly json: string;
}

/** USER_NOT_FOUND when the account never had the athlete; PAGE_TOKEN_INVALID. */
export async function exportUserData(
  tx: Transaction,
  { userId, pageSize, pageToken }: ExportUserDataRequest,
  defaultPageSize: number,
) {
  const filter = ['ExportUserData', tx.accountId, userId];
  const [position, key] = decodePageToken(pageToken, filter, ['integer', 'text']) ?? [0, ''];
  await requireUserEver(tx, userId);
  const limit = pageSize || defaultPageSize;
  const records: { kind: string; json: string }[] = [];
  for (let at = position; at < PERSONAL_TABLES.length; at += 1) {
    const table = PERSONAL_TABLES[at] as PersonalTable;
    const rows = await readRows(tx, table, userId, at === position ? key : '', limit - records.length + 1);
    const taken = rows.slice(0, limit - records.length);
    records.push(...taken.map(({ json }) => ({ kind: table.name, json })));
    if (rows.length > taken.length) {
      const last = taken.at(-1)?.key ?? (at === position ? key : '');
      return { records, nextPageToken: encodePageToken(filter, [at, last]) };
    }
  }
  return { records, nextPageToken: '' };
}

async function readRows(
  tx: Transaction,
  { name, key, hidden }: PersonalTable,
  userId: string,
  after: string,
  limit: number,
): Promise<Row[]> {
  const owner = sql.ref(name === 'users' ? 'id' : 'user_id');
  const keyOf = sql.raw(`(${key}) collate "C"`);
  const { rows } = await sql<Row>`
    select ${keyOf} as key, (to_jsonb(t) - ${[...hidden]}::text[])::text as json from ${sql.table(name)} t
    where account_id = ${tx.accountId} and ${owner} = ${userId} and ${keyOf} > ${after}
    order by ${keyOf} limit ${limit}`.execute(tx.sql);
  return rows;
}

async function requireUserEver(tx: Transaction, userId: string): Promise<void> {
  const { rows } = await sql`
    select id from users where account_id = ${tx.accountId} and id = ${userId}`.execute(tx.sql);
  if (rows.length === 0) {
    throw userNotFound(userId);
  }
}
