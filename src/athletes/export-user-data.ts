/** ExportUserData: returns every stored row about one athlete, as it is stored. */
import { sql } from 'kysely';
import type { ExportUserDataRequest } from '../gen/progression/v1/user_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { userNotFound } from '../store/lock-user.ts';
import {
  decodePageToken,
  encodePageToken,
  type PageKeyKind,
  type PageKeyValue,
  textOfKey,
} from '../store/page.ts';

/** Rows about athletes, and the columns that order and identify them within an athlete, as an index has them. */
interface PersonalTable {
  readonly name: string;
  readonly order: Readonly<Record<string, PageKeyKind>>;
  /** Which rows of the table; absent: all. */
  readonly where?: string;
  /** Columns that the export leaves out: the account, and copies of data in other rows. */
  readonly hidden: readonly string[];
}

const ONLY_ACCOUNT = ['account_id'];

function ordered(name: string, order: PersonalTable['order'] = { id: 'uuid' }): PersonalTable {
  return { name, order, hidden: ONLY_ACCOUNT };
}

const REQUESTS = { name: 'requests', hidden: [...ONLY_ACCOUNT, 'fingerprint', 'response'] };

/** All tables with a user_id; `users` comes first. */
export const PERSONAL_TABLES: readonly PersonalTable[] = [
  ordered('users'),
  ordered('enrollments', { started_at: 'instant', id: 'uuid' }),
  ordered('enrollment_overrides'),
  ordered('equipment'),
  ordered('lift_maxes', { lift_id: 'uuid', max_type: 'text', version: 'integer' }),
  ordered('logged_sets', { session_id: 'uuid', lift_id: 'uuid', set_number: 'integer' }),
  ordered('set_corrections', { recorded_at: 'instant', id: 'uuid' }),
  ordered('progression_logs', { applied_at: 'instant', id: 'uuid' }),
  ordered('failure_counters', { lift_id: 'uuid', progression_id: 'uuid' }),
  ordered('progression_states', { lift_id: 'uuid', progression_id: 'uuid' }),
  // Calls that report an event have its identity; the others have none.
  { ...REQUESTS, order: { trigger_type: 'text', trigger_key: 'text' }, where: 'trigger_type is not null' },
  { ...REQUESTS, order: { method: 'text', request_id: 'uuid' }, where: 'trigger_type is null' },
  ordered('outbox'),
  {
    name: 'events',
    order: { sequence: 'serial', position: 'integer', id: 'uuid' },
    hidden: [...ONLY_ACCOUNT, 'transaction_id'],
  },
  ordered('removed_events'),
  ordered('trigger_execution_logs'),
  ordered('workflow_enrollments', { workflow_id: 'uuid', enrolled_at: 'instant', id: 'uuid' }),
  ordered('action_executions', { enrollment_id: 'uuid', step: 'integer' }),
  ordered('workflow_holds', { workflow_id: 'uuid' }),
  ordered('dead_letters'),
  ordered('time_cursors'),
  ordered('planned_sessions', { session_id: 'uuid' }),
  ordered('audit_log', { recorded_at: 'instant', id: 'uuid' }),
];

interface Row {
  /** The values of the order's columns. */
  readonly key: string[];
  readonly json: string;
}

/** USER_NOT_FOUND when the account never had the athlete; PAGE_TOKEN_INVALID. */
export async function exportUserData(
  tx: Transaction,
  { userId, pageSize, pageToken }: ExportUserDataRequest,
  defaultPageSize: number,
) {
  const filter = ['ExportUserData', tx.accountId, userId];
  const [position, rowToken] = decodePageToken(pageToken, filter, ['integer', 'text']) ?? [0, ''];
  await requireUserEver(tx, userId);
  const limit = pageSize || defaultPageSize;
  const records: { kind: string; json: string }[] = [];
  for (let at = position; at < PERSONAL_TABLES.length; at += 1) {
    const table = PERSONAL_TABLES[at] as PersonalTable;
    // The key of the last row is a token within the token, because each table has its own kinds of keys.
    const ofTable = [...filter, String(at)];
    const token = at === position ? rowToken : '';
    const after = decodePageToken(token, ofTable, Object.values(table.order));
    const rows = await readRows(tx, table, userId, after, limit - records.length + 1);
    const taken = rows.slice(0, limit - records.length);
    records.push(...taken.map(({ json }) => ({ kind: table.name, json })));
    if (rows.length > taken.length) {
      const last = taken.at(-1);
      const next = last ? encodePageToken(ofTable, last.key) : token;
      return { records, nextPageToken: encodePageToken(filter, [at, next]) };
    }
  }
  return { records, nextPageToken: '' };
}

async function readRows(
  tx: Transaction,
  { name, order, where = 'true', hidden }: PersonalTable,
  userId: string,
  after: readonly PageKeyValue[] | undefined,
  limit: number,
): Promise<Row[]> {
  const owner = sql.ref(name === 'users' ? 'id' : 'user_id');
  const columns = Object.keys(order).map((column) => sql.ref(column));
  const behind = after
    ? sql`and (${sql.join(columns)}) > (${sql.join(after.map((value) => textOfKey(value)))})`
    : sql``;
  const { rows } = await sql<Row>`
    select array[${sql.join(columns.map((column) => sql`${column}::text`))}] as key,
      (to_jsonb(t) - ${[...hidden]}::text[])::text as json
    from ${sql.table(name)} t
    where account_id = ${tx.accountId} and ${owner} = ${userId} and ${sql.raw(where)} ${behind}
    order by ${sql.join(columns)} limit ${limit}`.execute(tx.sql);
  return rows;
}

async function requireUserEver(tx: Transaction, userId: string): Promise<void> {
  const { rows } = await sql`
    select id from users where account_id = ${tx.accountId} and id = ${userId}`.execute(tx.sql);
  if (rows.length === 0) {
    throw userNotFound(userId);
  }
}
