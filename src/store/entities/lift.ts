/** Table lifts: exercises. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const LiftEntity = defineEntity({
  name: 'Lift',
  tableName: 'lifts',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    slug: p.text(),
    name: p.text(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
    deletedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type Lift = InferEntity<typeof LiftEntity>;
