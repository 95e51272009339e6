/** The parts of a process that work within one transaction, as if it were a database of their own. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { createProgramLoader } from '../../progression/engine/load-program.ts';
import type { TriggerQueue } from '../../progression/engine/trigger-queue.ts';
import { createUnitOfWork } from '../../progression/engine/unit-of-work.ts';
import type { Database, Transaction } from '../../store/database.ts';
import type { Clock } from '../../values/instant.ts';

/** Each transaction is a savepoint of this one: what it wrote goes when it fails. */
export function databaseWithin(tx: Transaction, database: Database): Database {
  const point = sql.id('simulated');
  return {
    ...database,
    ensureAccount: async () => undefined,
    async transaction(_accountId, work) {
      await sql`savepoint ${point}`.execute(tx.sql);
      try {
        const answer = await work(tx);
        await tx.em.flush();
        await sql`release savepoint ${point}`.execute(tx.sql);
        return answer;
      } catch (error) {
        await sql`rollback to savepoint ${point}`.execute(tx.sql);
        throw error;
      } finally {
        tx.em.clear();
      }
    },
  };
}

/** The engine, which handles each command at once. */
export function createQueueWithin(
  database: Database,
  { keptPrograms, stepTimeoutMs }: Pick<Limits, 'keptPrograms' | 'stepTimeoutMs'>,
  clock: Clock,
): TriggerQueue {
  const unitOfWork = createUnitOfWork(database, createProgramLoader(keptPrograms), clock);
  return {
    async submit(command) {
      const [settlement] = await unitOfWork.run([command], stepTimeoutMs);
      switch (settlement?.kind) {
        case 'ANSWERED':
          return settlement.answer;
        case 'REFUSED':
          throw settlement.error;
        default:
          throw new DomainError('CONCURRENT_UPDATE', 'the athlete is being changed');
      }
    },
  };
}
