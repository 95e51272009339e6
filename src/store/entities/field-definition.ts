/** Table field_definitions: the account’s own fields, by path. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const FieldDefinitionEntity = defineEntity({
  name: 'FieldDefinition',
  tableName: 'field_definitions',
  properties: {
    accountId: p.uuid().primary(),
    path: p.text().primary(),
    /** Its id in the audit trail. */
    id: p.uuid(),
    /** string, id, bool, int, decimal, date, timestamp or list. */
    type: p.text(),
    description: p.text(),
    isPersonal: p.boolean(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type FieldDefinition = InferEntity<typeof FieldDefinitionEntity>;
