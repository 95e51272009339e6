/** Makes chosen statements of a database handle fail, in the driver or on the server. */
import type { Database } from '../../src/store/database.ts';
import { type AdminConnection, openAdminConnection } from './database-server.ts';
import { type PooledClient, textOf, watchClients } from './pooled-clients.ts';
import type { TestDatabase } from './test-database.ts';

export interface Fault {
  /**
   * The statement that breaks, counted from `begin` = 1 within its transaction. A `begin` that fails on a living
   * connection does not happen.
   */
  readonly statement: number | 'commit';
  /** The first affected transaction; default: the first one. Earlier ones fail right after their `begin`. */
  readonly fromTransaction?: number;
  /**
   * `refuse`: another statement fails on the server in its place, and the connection lives on. `cut`: the server ends the connection before it runs. `cut after`:
   * it runs, and the connection ends before the answer.
   */
  readonly how: 'refuse' | 'cut' | 'cut after';
  /** The SQLSTATE of a refused statement; default: an unknown one. */
  readonly sqlState?: string;
  /** The number of affected transactions; default: all. */
  readonly times?: number;
}

export interface FaultyDatabase {
  readonly database: Database;
  /** Statements fail from now on. */
  arm(fault: Fault): void;
  /** Statements succeed again; returns the number of failed statements. */
  disarm(): number;
  close(): Promise<void>;
}

/** Another handle on the test's database, whose statements can be made to fail. */
export function openFaultyDatabase(db: TestDatabase): FaultyDatabase {
  const database = db.open();
  const admin = openAdminConnection(db.url);
  const breaker = new Breaker(admin);
  watchClients(database, (client) => breaker.watch(client));
  return {
    database,
    arm: (fault) => breaker.arm(fault),
    disarm: () => breaker.disarm(),
    close: () => admin.close(),
  };
}

class Breaker {
  readonly #admin: AdminConnection;
  #fault: Fault | null = null;
  #transactions = 0;
  #broken = 0;

  constructor(admin: AdminConnection) {
    this.#admin = admin;
  }

  arm(fault: Fault): void {
    this.#fault = fault;
    this.#transactions = 0;
    this.#broken = 0;
  }

  disarm(): number {
    this.#fault = null;
    return this.#broken;
  }

  watch(client: PooledClient): void {
    const query = client.query.bind(client);
    let statement = 0;
    let transaction = 0;
    /** While a statement is made to fail, statements that were sent after it wait. */
    let breaking: Promise<void> | undefined;
    client.query = (...args) => {
      const text = textOf(args);
      const run = () => (breaking ? breaking.then(() => query(...args)) : query(...args));
      if (text === 'rollback') {
        return run();
      }
      if (text.startsWith('begin')) {
        this.#transactions += 1;
        transaction = this.#transactions;
        statement = 0;
      }
      statement += 1;
      if (!this.#isToBreak(transaction, text === 'commit' ? ['commit', statement] : [statement])) {
        return run();
      }
      const broken = this.#break(client.processID, query, args);
      breaking = broken.then(
        () => undefined,
        () => undefined,
      );
      return broken;
    };
  }

  #isToBreak(transaction: number, names: readonly Fault['statement'][]): boolean {
    if (!this.#fault || this.#broken >= (this.#fault.times ?? Number.POSITIVE_INFINITY)) {
      return false;
    }
    const isEarly = transaction < (this.#fault.fromTransaction ?? 1);
    return names.includes(isEarly ? 2 : this.#fault.statement);
  }

  async #break(
    processId: number,
    query: PooledClient['query'],
    args: Parameters<PooledClient['query']>,
  ): Promise<unknown> {
    this.#broken += 1;
    const how = this.#fault?.how;
    if (how === 'refuse') {
      const error = new Error('a statement was broken on purpose');
      await query("do $$ begin raise exception 'broken on purpose'; end $$").catch(() => undefined);
      throw Object.assign(error, { code: this.#fault?.sqlState });
    }
    if (how === 'cut after') {
      await query(...args);
    }
    await this.#admin.run(`select pg_terminate_backend(${processId}, 5000)`);
    return how === 'cut' ? query(...args) : Promise.reject(new Error('Connection terminated unexpectedly'));
  }
}
