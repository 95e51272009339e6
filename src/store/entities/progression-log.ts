/** Table progression_logs: the append-only record of every application. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { DecimalColumn, InstantColumn } from '../driver/column-types.ts';

export const ProgressionLogEntity = defineEntity({
  name: 'ProgressionLog',
  tableName: 'progression_logs',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    userId: p.uuid(),
    progressionId: p.uuid(),
    liftId: p.uuid(),
    maxType: p.string(),
    /** The version that this application made. */
    liftMaxVersion: p.integer(),
    previousValue: p.type(DecimalColumn).$type<Decimal>(),
    newValue: p.type(DecimalColumn).$type<Decimal>(),
    delta: p.type(DecimalColumn).$type<Decimal>(),
    triggerType: p.string(),
    /** The event's identity. */
    triggerKey: p.text(),
    triggerContext: p.json().$type<Record<string, unknown>>(),
    sessionId: p.uuid().nullable(),
    /** The event's own time. */
    appliedAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
    /** The failures before the application reset them, and the stage before it; null when unchanged. */
    failuresBefore: p.integer().nullable(),
    stageBefore: p.integer().nullable(),
    /** The stage after the application; null when unchanged, and in rows older than the column. */
    stageAfter: p.integer().nullable(),
    revertsLogId: p.uuid().nullable(),
  },
});

export type ProgressionLog = InferEntity<typeof ProgressionLogEntity>;
