/** Table logged_sets: the sets of athletes. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { sql } from 'kysely';
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
    /** WARM_UP, WORK, AMRAP or SUPPLEMENTAL. */
    kind: p.text(),
    weight: p.type(DecimalColumn).$type<Decimal>(),
    targetWeight: p.type(DecimalColumn).$type<Decimal>().nullable(),
    targetReps: p.integer(),
    repsPerformed: p.integer(),
    rpe: p.type(DecimalColumn).$type<Decimal>().nullable(),
    performedAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type LoggedSet = InferEntity<typeof LoggedSetEntity>;

/** The kinds of work sets in SQL, as `isWorkSet` has them; spelled out, so that partial indexes match. */
export const WORK_KINDS = sql.raw(`('WORK', 'AMRAP')`);
