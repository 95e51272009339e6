/** GetAccount and UpdateAccount: the settings of an account, and what it keeps. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { enumName, enumValue } from '../calls/enum-name.ts';
import { shown } from '../calls/shown-text.ts';
import { invalidFields } from '../errors/domain-error.ts';
import { type WeightUnit, WeightUnitSchema } from '../gen/progression/v1/program_service_pb.ts';
import type { AccountSchema, UpdateAccountRequest } from '../gen/progression/v1/user_service_pb.ts';
import { loadRetention, type RetentionPolicy, saveRetention } from '../retention/retention-policy.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { emit, fact } from '../store/outbox.ts';
import { isTimeZone } from '../values/zoned.ts';

export interface Account {
  readonly name: string;
  /** IANA. */
  readonly timeZone: string;
  /** KILOGRAM or POUND; empty: none. */
  readonly unit: string;
  readonly retention: RetentionPolicy;
}

/** With `locks`, the row is locked until the transaction ends. */
export async function getAccount(
  tx: Transaction,
  { locks = false }: { readonly locks?: boolean } = {},
): Promise<Account> {
  const { accountId, sql: db } = tx;
  const { rows } = await sql<Omit<Account, 'retention'>>`
    select name, time_zone as "timeZone", unit from accounts
    where id = ${accountId} ${locks ? sql`for no key update` : sql``}`.execute(db);
  // An account has no row until its first change.
  const settings = rows[0] ?? { name: '', timeZone: 'UTC', unit: '' };
  return { ...settings, retention: await loadRetention(tx) };
}

/** VALIDATION_FAILED for a time zone that is none. A new time zone is told as the event account_updated. */
export async function updateAccount(change: Change, request: UpdateAccountRequest): Promise<Account> {
  const { tx } = change;
  if (request.timeZone !== undefined && !isTimeZone(request.timeZone)) {
    const description = `must be an IANA time zone, such as Europe/Berlin; was ${shown(request.timeZone)}`;
    throw invalidFields([{ field: 'time_zone', description }]);
  }
  const before = await getAccount(tx, { locks: true });
  const after: Account = {
    name: request.name ?? before.name,
    timeZone: request.timeZone ?? before.timeZone,
    unit: request.unit === undefined ? before.unit : unitName(request.unit),
    retention: request.retention ? policyOf(request.retention) : before.retention,
  };
  await sql`
    update accounts set name = ${after.name}, time_zone = ${after.timeZone}, unit = ${after.unit}
    where id = ${tx.accountId}`.execute(tx.sql);
  if (request.retention) {
    await saveRetention(tx, after.retention, change.now);
  }
  audit(change, {
    action: 'UpdateAccount',
    targetType: 'account',
    targetId: tx.accountId,
    before: { ...before },
    after: { ...after },
  });
  if (after.timeZone !== before.timeZone) {
    emit(change, null, [
      fact('account_updated', { time_zone: after.timeZone }, { time_zone: before.timeZone }),
    ]);
  }
  return after;
}

/** Without what belongs to the message. */
function policyOf({
  eventsDays,
  executionsDays,
  runsDays,
  auditDays,
  requestIdsDays,
}: RetentionPolicy): RetentionPolicy {
  return { eventsDays, executionsDays, runsDays, auditDays, requestIdsDays };
}

function unitName(unit: WeightUnit): string {
  return unit === 0 ? '' : enumName(WeightUnitSchema, unit);
}

export function accountMessage(
  id: string,
  { name, timeZone, unit, retention }: Account,
): MessageInitShape<typeof AccountSchema> {
  return { id, name, timeZone, unit: unit === '' ? 0 : enumValue(WeightUnitSchema, unit), retention };
}
