/**
 * One connection to PostgreSQL whose statements can be sent without waiting for their answers, and which
 * parses and plans each named statement once.
 */
import type { Writable } from 'node:stream';
import { CompiledQuery, type DatabaseConnection, type QueryResult } from 'kysely';
import { READ_ONLY } from '../sql-states.ts';
import { streamOf } from './connect-to-server.ts';
import type { CheckedOutServer } from './connection-pool.ts';

/** Gives a statement's text the name under which it is prepared; undefined: it is not prepared. */
export type NameStatement = (text: string) => string | undefined;

/** The result of one statement in `pg`; a text of several statements has a list of these. */
interface Answer {
  readonly command?: string;
  readonly rowCount?: number | null;
  readonly rows?: readonly unknown[];
}

const WRITING_COMMANDS: ReadonlySet<string | undefined> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const COMMIT = CompiledQuery.raw('commit');
const ROLLBACK = CompiledQuery.raw('rollback');
/** The function of PostgreSQL that waits for synchronous standbys; its only notices say that it gave up. */
const STANDBY_WAIT = 'SyncRepWaitForLSN';
/** in_failed_sql_transaction: PostgreSQL has aborted the transaction because of an earlier failure. */
const ABORTED_TRANSACTION = '25P02';

/** PostgreSQL acknowledges such a commit, with a warning: after a failover to the standby it may be gone. */
class UnreplicatedCommitError extends Error {
  override readonly name = 'UnreplicatedCommitError';
  /** statement_completion_unknown */
  readonly code = '40003';
}

/**
 * A statement after a failed one in a transaction fails as well, with the same error. The failure of a sent
 * statement is thrown by the next statement that is awaited, at the latest by the commit. The client must be in
 * pipeline mode.
 */
export class PipelinedConnection implements DatabaseConnection {
  readonly #server: CheckedOutServer;
  readonly #nameOf: NameStatement;
  readonly #holdBack: () => void;
  /** Answers to sent statements that no awaited statement has checked yet. */
  #sent: Promise<Answer>[] = [];
  /** The latest failure that is not only the consequence of another one. */
  #failure: unknown;
  #isReadOnly = false;
  #isUnreplicated = false;
  #isCheckedOut = false;

  constructor(server: CheckedOutServer, nameOf: NameStatement) {
    this.#server = server;
    this.#nameOf = nameOf;
    this.#holdBack = createHold(streamOf(server.client));
    // The failure reaches the statements in flight. An unhandled 'error' event would end the process.
    server.on('error', () => undefined);
    server.once('end', () => this.release());
    server.client.on('notice', ({ routine }) => {
      this.#isUnreplicated ||= routine === STANDBY_WAIT;
    });
  }

  /** Sends a statement and does not wait for its answer; its failure is joined at the next awaited statement. */
  send(query: CompiledQuery): void {
    this.#sent.push(this.#ask(query));
  }

  /** Throws the first failure of its transaction since the last awaited statement, which may be its own. */
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.#run(query);
    return {
      ...(WRITING_COMMANDS.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}),
      rows: (rows ?? []) as R[],
    };
  }

  /**
   * Throws the failure of an earlier statement: PostgreSQL answers the commit of a failed transaction with a rollback, and no
   * error. Throws UnreplicatedCommitError, and closes the connection, when the wait for a synchronous standby was cancelled, as by
   * pg_cancel_backend. Time limits of statements and transactions do not end that wait.
   */
  async commit(): Promise<void> {
    const { command } = await this.#run(COMMIT);
    if (command === 'ROLLBACK') {
      throw this.#failure ?? new Error('the transaction had failed and was rolled back');
    }
    if (this.#isUnreplicated) {
      streamOf(this.#server.client).destroy();
      throw new UnreplicatedCommitError('the commit may not have reached a synchronous standby');
    }
  }

  /** Ends the transaction, and ignores failures of sent statements. */
  async rollback(): Promise<void> {
    const earlier = this.#takeSent();
    const answering = this.#ask(ROLLBACK);
    await Promise.allSettled(earlier);
    await answering;
  }

  /** Not supported: large results are read page by page. */
  // biome-ignore lint/correctness/useYield: it refuses before it could yield.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new TypeError('this driver does not stream results');
  }

  checkOut(): this {
    this.#isCheckedOut = true;
    return this;
  }

  /**
   * Gives the connection back to its pool, once. A connection that dies gives its slot in the pool back at once:
   * Kysely never releases a transaction whose begin, commit or rollback fails. A connection to a read-only server is
   * closed, so that the next one is opened to a server that accepts writes.
   */
  release(): void {
    if (this.#isCheckedOut) {
      this.#isCheckedOut = false;
      this.#server.release(this.#isReadOnly);
    }
  }

  async #run(query: CompiledQuery): Promise<Answer> {
    const earlier = this.#takeSent();
    const answering = this.#ask(query);
    for (const answer of earlier) {
      await answer;
    }
    return answering.catch((error) => {
      throw codeOf(error) === ABORTED_TRANSACTION ? (this.#failure ?? error) : error;
    });
  }

  #takeSent(): readonly Promise<Answer>[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  #ask({ sql: text, parameters }: CompiledQuery): Promise<Answer> {
    this.#holdBack();
    const values = parameters as unknown[];
    const name = values.length > 0 ? this.#nameOf(text) : undefined;
    const { client } = this.#server;
    const answer: Promise<Answer> =
      name === undefined ? client.query(text, values) : client.query({ name, text, values });
    // Also prevents that the failure of a sent statement, which is checked later, is an unhandled rejection.
    answer.catch((error) => {
      const code = codeOf(error);
      if (code !== ABORTED_TRANSACTION) {
        this.#failure = error;
      }
      this.#isReadOnly ||= code === READ_ONLY;
    });
    return answer;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string } | undefined)?.code;
}

/**
 * Statements of one turn of the event loop are written together, because each write wakes PostgreSQL, which then takes the
 * processor from the process that wrote.
 */
function createHold(stream: Writable): () => void {
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

/** Texts are constant, because values are bound. The limit keeps a defect from using up memory. */
const MOST_STATEMENTS = 500;

/** One name for each text, the same on all connections; texts beyond the limit have none. */
export function createStatementNames(): NameStatement {
  const names = new Map<string, string>();
  return (text) => {
    if (!names.has(text) && names.size < MOST_STATEMENTS) {
      names.set(text, `s${names.size + 1}`);
    }
    return names.get(text);
  };
}

/** For a proxy that gives each transaction another connection: no statement is prepared. */
export const namesNothing: NameStatement = () => undefined;
