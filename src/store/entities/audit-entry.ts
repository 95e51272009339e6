/** Table audit_log: changes by hand, with actor and reason. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const AuditEntryEntity = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_log',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    action: p.text(),
    actor: p.text(),
    targetType: p.text(),
    targetId: p.uuid(),
    userId: p.uuid().nullable(),
    reason: p.text(),
    before: p.json().$type<Record<string, unknown>>().nullable(),
    after: p.json().$type<Record<string, unknown>>().nullable(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type AuditEntry = InferEntity<typeof AuditEntryEntity>;
