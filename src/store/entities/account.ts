/** Table accounts: the tenant. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const AccountEntity = defineEntity({
  name: 'Account',
  tableName: 'accounts',
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    timeZone: p.text(),
  },
});

export type Account = InferEntity<typeof AccountEntity>;
