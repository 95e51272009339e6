/** How the statements of a transaction run: sent without waiting, or several in flight at the same time. */
import { type CompiledQuery, type QueryExecutorProvider, sql } from 'kysely';
import { pipelined } from './pipelined-dialect.ts';

/**
 * Sends a statement whose only answer is that it did not fail, and does not wait for it. Its failure is thrown by the
 * next statement that is awaited, at the latest by the commit.
 */
export async function sendStatement(
  transaction: QueryExecutorProvider,
  statement: CompiledQuery,
): Promise<void> {
  await transaction
    .getExecutor()
    .provideConnection(async (connection) => pipelined(connection).send(statement));
}

/** Resolves when everything that was sent has succeeded; for a caller that does not commit. */
export async function awaitSent(transaction: QueryExecutorProvider): Promise<void> {
  await sql`select`.execute(transaction);
}

/** The statements of a transaction while it runs. */
export interface Statements extends QueryExecutorProvider {
  /** Refuses later statements: their connection may run another transaction by then. */
  close(): void;
}

/**
 * Lets statements of a transaction be sent while others are still unanswered, in the order of the calls. Kysely by itself
 * waits for each answer before the next statement.
 */
export async function openStatements(transaction: QueryExecutorProvider): Promise<Statements> {
  const executor = transaction.getExecutor();
  const connection = await executor.provideConnection(async (its) => its);
  let isOpen = true;
  const sending = executor.withConnectionProvider({
    async provideConnection(use) {
      if (!isOpen) {
        throw new TypeError('a statement came after the end of its transaction');
      }
      return use(connection);
    },
  });
  return {
    getExecutor: () => sending,
    close() {
      isOpen = false;
    },
  };
}
