/** Sends statements whose answers nobody needs together with the next one, instead of waiting for each. */
import type { EventEmitter } from 'node:events';
import { type Kysely, sql } from 'kysely';

interface PooledClient {
  query: (text: unknown, values?: readonly unknown[]) => Promise<Answer>;
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
    let sent: Promise<Answer>[] = [];
    client.query = async (text, values) => {
      const answer = query(text, values);
      if (typeof text === 'string' && UNAWAITED.test(text)) {
        // Looked at with the next statement.
        answer.catch(() => {});
        sent.push(answer);
        return unseenAnswer(values);
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

/** Resolves when all that was sent has succeeded; for who does not commit and wants to know. */
export async function awaitSent(transaction: Kysely<unknown>): Promise<void> {
  await sql`select`.execute(transaction);
}

/** Of the insert of columns: a row for each element of any of them. */
function unseenAnswer(values: readonly unknown[] = []): Answer {
  const [column] = values;
  return { command: 'INSERT', rowCount: Array.isArray(column) ? column.length : 0, rows: [] };
}
