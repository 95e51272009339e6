/**
 * Rows that are only ever inserted: the ledger, the outbox, logged sets, the audit trail. They need no change sets, no
 * snapshots and no identities, and so take no part in MikroORM's unit of work; its flush is followed by their inserts.
 */
import type {
  EntityManager,
  EntityMetadata,
  EntityProperty,
  EntitySchema,
  EventSubscriber,
  FlushEventArgs,
  RequiredEntityData,
} from '@mikro-orm/core';

type Row = Record<string, unknown>;

/** By the entity manager of the transaction. */
const waiting = new WeakMap<EntityManager, Map<EntitySchema, Row[]>>();

/** Inserts the row at the next flush of this transaction's entity manager, after what MikroORM writes. */
export function insertOnly<E extends object>(
  { em }: { readonly em: EntityManager },
  entity: EntitySchema<E>,
  row: RequiredEntityData<E>,
): void {
  const tables = waiting.get(em) ?? new Map<EntitySchema, Row[]>();
  waiting.set(em, tables);
  const key = entity as unknown as EntitySchema;
  const rows = tables.get(key) ?? [];
  tables.set(key, rows);
  rows.push(row as Row);
}

/** Writes the rows of an entity manager after each of its flushes. */
export const insertsAfterFlush: EventSubscriber = {
  async afterFlush({ em }: FlushEventArgs) {
    const tables = waiting.get(em);
    waiting.delete(em);
    for (const [entity, rows] of tables ?? []) {
      const meta = em.getMetadata().get(entity) as EntityMetadata;
      const converted = rows.map((row) => convert(em, meta.props, row));
      const ctx = em.getTransactionContext();
      await em.getDriver().nativeInsertMany(entity, converted, { ctx, convertCustomTypes: false });
    }
  },
};

/** The values as the database takes them. */
function convert(em: EntityManager, props: readonly EntityProperty[], row: Row): Row {
  const platform = em.getPlatform();
  const converted: Row = {};
  for (const { name, customType } of props) {
    const value = row[name];
    if (value !== undefined) {
      converted[name] =
        customType && value !== null ? customType.convertToDatabaseValue(value, platform) : value;
    }
  }
  return converted;
}
