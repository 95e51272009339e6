/** AuditService on the wire: reads the trail, and answers with its messages. */

import type { JsonObject } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { AuditEntrySchema, type AuditService } from '../gen/progression/v1/audit_service_pb.ts';
import { instantToTimestamp } from '../instant.ts';
import { createCalls, type ServiceDeps } from '../store/calls.ts';
import type { AuditEntry } from '../store/entities/audit-entry.ts';
import { listAuditEntries } from './list-audit-entries.ts';

/** The trail of an account; the contract of each method is in audit_service.proto. */
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
