/** Table logged_sets: what athletes did, set by set. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { DecimalColumn, InstantColumn } from '../driver/column-types.ts';

export const LoggedSetEntity = defineEntity({
  name: 'LoggedSet',
  tableName: 'logged_sets',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    userId: p.uuid(),
    sessionId: p.uuid(),
    liftId: p.uuid(),
    setNumber: p.integer(),
    /** WARM_UP, WORK or AMRAP. */
    kind: p.text(),
    weight: p.type(DecimalColumn).$type<Decimal>(),
    targetReps: p.integer(),
    repsPerformed: p.integer(),
    rpe: p.type(DecimalColumn).$type<Decimal>().nullable(),
    performedAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type LoggedSet = InferEntity<typeof LoggedSetEntity>;
