/** Table program_progressions: a rule in a program. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { DecimalColumn, InstantColumn } from '../driver/column-types.ts';

export const ProgramProgressionEntity = defineEntity({
  name: 'ProgramProgression',
  tableName: 'program_progressions',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    programId: p.uuid(),
    progressionId: p.uuid(),
    /** Null: every lift of the program. */
    liftId: p.uuid().nullable(),
    priority: p.integer(),
    enabled: p.boolean(),
    overrideIncrement: p.type(DecimalColumn).$type<Decimal>().nullable(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type ProgramProgression = InferEntity<typeof ProgramProgressionEntity>;
