/** Table users: athletes. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    name: p.text(),
    timeZone: p.text().nullable(),
    /** ISO 8601, without a time. */
    birthDate: p.date().nullable(),
    tags: p
      .json()
      .$type<string[]>()
      .onCreate(() => []),
    /** The account's own fields, by name. */
    attributes: p
      .json()
      .$type<Record<string, unknown>>()
      .onCreate(() => ({})),
    optedOutAt: p.type(InstantColumn).$type<bigint>().nullable(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
    deletedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type User = InferEntity<typeof UserEntity>;
