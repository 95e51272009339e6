/** Table lift_maxes: append-only versions of an athlete's reference numbers. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { DecimalColumn, InstantColumn } from '../driver/column-types.ts';

export const LiftMaxEntity = defineEntity({
  name: 'LiftMax',
  tableName: 'lift_maxes',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    userId: p.uuid(),
    liftId: p.uuid(),
    maxType: p.string(),
    /** 1, 2, 3 …; the highest is current. */
    version: p.integer(),
    value: p.type(DecimalColumn).$type<Decimal>(),
    /** KILOGRAM or POUND; empty: not known. */
    unit: p.text(),
    /** MANUAL, PROGRESSION or REVERT. */
    source: p.text(),
    reason: p.text(),
    effectiveAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type LiftMax = InferEntity<typeof LiftMaxEntity>;
