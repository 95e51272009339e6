/** Table progressions: rules, as a type and its parameters. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const ProgressionEntity = defineEntity({
  name: 'Progression',
  tableName: 'progressions',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    name: p.text(),
    type: p.string(),
    parameters: p.json().$type<Record<string, unknown>>(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
    deletedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type Progression = InferEntity<typeof ProgressionEntity>;
