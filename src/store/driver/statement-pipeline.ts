/** Sends statements whose answers nobody needs together with the next one, instead of waiting for each. */
import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { type QueryExecutorProvider, sql } from 'kysely';

interface PooledClient {
  query: (text: unknown, values?: readonly unknown[]) => Promise<Answer>;
  readonly connection: { readonly stream: Pick<Writable, 'cork' | 'uncork'> };
}

interface Answer {
  readonly command: string;
  readonly rowCount: number;
  readonly rows: readonly unknown[];
}

/** Statements whose one answer is that they did not fail: as database, enter-account and column-insert-driver write them. */
const UNAWAITED =
  /^(?:begin|select set_config\(.*\)|insert into "\w+" \([^)]*\) select \* from unnest\(.*\))$/s;

/**
 * On every connection that the pool makes. A statement behind one that failed fails as well, as PostgreSQL has given
 * the transaction up by then: the first failure comes out at the next statement that is waited for, at the latest at
 * the commit. The connections' driver is told to pipeline.
 */
export function pipelineStatements(pool: EventEmitter): void {
  pool.on('connect', (client: PooledClient) => {
    const query = client.query.bind(client);
    const holdBack = createHold(client.connection.stream);
    let sent: Promise<Answer>[] = [];
    client.query = async (text, values) => {
      holdBack();
      const answer = query(text, values);
      if (typeof text === 'string' && UNAWAITED.test(text)) {
        // Looked at with the next statement.
        answer.catch(() => {});
        sent.push(answer);
        return UNSEEN;
      }
      const earlier = sent;
      sent = [];
      if (text === 'rollback') {
        await Promise.allSettled(earlier);
        return answer;
      }
      await Promise.all([...earlier, answer]);
      return answer;
    };
  });
}

/**
 * What is asked in one turn of the event loop is written in one piece: each piece wakes PostgreSQL, which then takes the
 * processor from the process that wrote it.
 */
function createHold(stream: Pick<Writable, 'cork' | 'uncork'>): () => void {
  let isHeld = false;
  return () => {
    if (!isHeld) {
      isHeld = true;
      stream.cork();
      process.nextTick(() => {
        isHeld = false;
        stream.uncork();
      });
    }
  };
}

/** A transaction's statements, while it runs. */
export interface Statements extends QueryExecutorProvider {
  /** Later statements are refused: their connection may be somebody else's by then. */
  close(): void;
}

/**
 * Lets statements of a transaction be sent while others are still unanswered, in the order in which they were asked.
 * Kysely alone would let each wait for the answer to the one before.
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

/** Resolves when all that was sent has succeeded; for who does not commit and wants to know. */
export async function awaitSent(transaction: QueryExecutorProvider): Promise<void> {
  await sql`select`.execute(transaction);
}

/** Who does not wait for a statement learns nothing of it. */
const UNSEEN: Answer = { command: '', rowCount: 0, rows: [] };
