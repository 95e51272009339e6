/** Adds new rows to MikroORM's unit of work. */
import type { EntityManager, EntitySchema, RequiredEntityData } from '@mikro-orm/core';

/**
 * Persists a new entity, which the next flush inserts. The values are those of the entity, not of the database: unlike
 * `em.create`, no factory converts, copies and tracks each of them.
 */
export function addRow<E extends object>(
  em: EntityManager,
  entity: EntitySchema<E>,
  values: RequiredEntityData<E>,
): E {
  const { class: EntityClass } = em.getMetadata().get(entity) as unknown as { class: new () => E };
  const row = Object.assign(new EntityClass(), values);
  em.persist(row);
  return row;
}
