/** The handlers of AuditService: ListAuditEntries returns manual changes, newest first. */
import { create, type JsonObject } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type { FilterQuery } from '@mikro-orm/core';
import { createCalls, type ServiceDeps } from '../calls/calls.ts';
import {
  AuditEntrySchema,
  type AuditService,
  type ListAuditEntriesRequest,
} from '../gen/progression/v1/audit_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { type AuditEntry, AuditEntryEntity } from '../store/entities/audit-entry.ts';
import { type Page, readPage } from '../store/page.ts';
import { instantOfField, instantToText, instantToTimestamp } from '../values/instant.ts';

/** audit_service.proto has the contract of each method. */
export function createAuditService(deps: ServiceDeps): ServiceImpl<typeof AuditService> {
  const { read } = createCalls(deps);
  const { defaultPageSize } = deps.config.limits;
  return {
    listAuditEntries: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listAuditEntries(tx, request, defaultPageSize);
        return { entries: rows.map(auditEntryMessage), ...page };
      }),
  };
}

function auditEntryMessage(entry: AuditEntry) {
  const { id, action, actor, targetType, targetId, userId, reason, before, after, recordedAt } = entry;
  return create(AuditEntrySchema, {
    id,
    action,
    actor,
    targetType,
    targetId,
    userId: userId ?? '',
    reason,
    before: (before as JsonObject | null) ?? undefined,
    after: (after as JsonObject | null) ?? undefined,
    recordedAt: instantToTimestamp(recordedAt),
  });
}

/** Ordered by recording time, then id. PAGE_TOKEN_INVALID. */
export function listAuditEntries(
  tx: Transaction,
  request: ListAuditEntriesRequest,
  defaultPageSize: number,
): Promise<Page<AuditEntry>> {
  const { filter, where } = filterOf(tx.accountId, request);
  return readPage(
    {
      filter,
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (entry: AuditEntry) => [entry.recordedAt, entry.id],
      rows: (after, limit) =>
        tx.em.find(AuditEntryEntity, after ? { $and: [where, isBehind(after)] } : where, {
          orderBy: { recordedAt: 'desc', id: 'desc' },
          limit,
        }),
      count: () => tx.em.count(AuditEntryEntity, where),
    },
    request,
  );
}

function isBehind([recordedAt, id]: readonly [bigint, string]): FilterQuery<AuditEntry> {
  return { $or: [{ recordedAt: { $lt: recordedAt } }, { recordedAt, id: { $lt: id } }] };
}

/** The filters of the request as SQL conditions, and as texts that the page token is bound to. */
function filterOf(accountId: string, request: ListAuditEntriesRequest) {
  const { targetId, userId, action, startTime, endTime } = request;
  const start = startTime && instantOfField(startTime, 'start_time');
  const end = endTime && instantOfField(endTime, 'end_time');
  const where: FilterQuery<AuditEntry> = {
    accountId,
    ...(targetId ? { targetId } : {}),
    ...(userId ? { userId } : {}),
    ...(action ? { action } : {}),
    $and: [
      ...(start === undefined ? [] : [{ recordedAt: { $gte: start } }]),
      ...(end === undefined ? [] : [{ recordedAt: { $lt: end } }]),
    ],
  };
  const texts = [start, end].map((at) => (at === undefined ? '' : instantToText(at)));
  return { where, filter: ['ListAuditEntries', accountId, targetId, userId, action, ...texts] };
}
