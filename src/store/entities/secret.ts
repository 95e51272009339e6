/** Table secrets: the account's encrypted secrets, by name. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const SecretEntity = defineEntity({
  name: 'Secret',
  tableName: 'secrets',
  properties: {
    accountId: p.uuid().primary(),
    name: p.text().primary(),
    /** Its id in the audit trail. */
    id: p.uuid(),
    /** The key that encrypted it. */
    keyId: p.text(),
    /** See automation/secrets/seal.ts. */
    sealed: p.blob().$type<Uint8Array>(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
    updatedBy: p.text(),
  },
});

export type Secret = InferEntity<typeof SecretEntity>;
