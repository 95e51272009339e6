/** Work as the database's owner, whose connections the faults close as well. */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Transaction } from '../../src/store/database.ts';
import type { TestBed } from './test-bed.ts';

/** More than the number of the test's own connections. */
const TRIES = 6;

/** Repeats work that fails, until a connection works that no earlier fault has closed. */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES) {
        throw error;
      }
    }
  }
}

/** In one transaction. */
export function asOwner(
  { orm }: TestBed['admin'],
  work: (db: Transaction['sql']) => Promise<unknown>,
): Promise<unknown> {
  return retried(() => orm.em.fork().transactional((em) => work((em as EntityManager).getKysely())));
}
