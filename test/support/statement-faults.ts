/** Breaks chosen statements of a database handle, in the driver or on the server, to see what is left behind. */
import type { EventEmitter } from 'node:events';
import type { Database } from '../../src/store/database.ts';
import { type AdminConnection, openAdminConnection } from './database-server.ts';
import type { TestDatabase } from './test-database.ts';

export interface Fault {
  /**
   * The statement that breaks, counted from `begin` = 1 within its transaction. A `begin` that fails on a living
   * connection does not happen.
   */
  readonly statement: number | 'commit';
  /** From which transaction on; default: the first. Earlier ones break right after their `begin`. */
  readonly fromTransaction?: number;
  /**
   * `refuse`: it fails and the connection lives on. `cut`: the server ends the connection before it runs. `cut after`:
   * it runs, and the connection ends before the answer.
   */
  readonly how: 'refuse' | 'cut' | 'cut after';
  /** What PostgreSQL says of a refused statement; default: nothing that is known. */
  readonly sqlState?: string;
  /** In how many transactions; default: in all. */
  readonly times?: number;
}

export interface FaultyDatabase {
  readonly database: Database;
  /** Breaks statements from now on. */
  arm(fault: Fault): void;
  /** Breaks nothing any more, and tells how many statements were broken. */
  disarm(): number;
  close(): Promise<void>;
}

interface PooledClient {
  processID: number;
  query: (...args: unknown[]) => Promise<unknown>;
}

/** Another handle on the test's database, whose statements can be broken. */
export function openFaultyDatabase(db: TestDatabase): FaultyDatabase {
  const database = db.open();
  const admin = openAdminConnection(db.url);
  const breaker = new Breaker(admin);
  const options = database.orm.config.get('driverOptions') as {
    onPoolCreated: (pool: EventEmitter) => void;
  };
  const { onPoolCreated } = options;
  options.onPoolCreated = (pool) => {
    onPoolCreated(pool);
    pool.on('connect', (client: PooledClient) => breaker.watch(client));
  };
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
    client.query = async (...args) => {
      const [text] = args as [string];
      if (text === 'rollback') {
        return query(...args);
      }
      if (text.startsWith('begin')) {
        this.#transactions += 1;
        transaction = this.#transactions;
        statement = 0;
      }
      statement += 1;
      return this.#isToBreak(transaction, text === 'commit' ? ['commit', statement] : [statement])
        ? this.#break(client.processID, () => query(...args))
        : query(...args);
    };
  }

  #isToBreak(transaction: number, names: readonly Fault['statement'][]): boolean {
    if (!this.#fault || this.#broken >= (this.#fault.times ?? Number.POSITIVE_INFINITY)) {
      return false;
    }
    const isEarly = transaction < (this.#fault.fromTransaction ?? 1);
    return names.includes(isEarly ? 2 : this.#fault.statement);
  }

  async #break(processId: number, run: () => Promise<unknown>): Promise<unknown> {
    this.#broken += 1;
    const how = this.#fault?.how;
    if (how === 'refuse') {
      const error = new Error('a statement was broken on purpose');
      throw Object.assign(error, { code: this.#fault?.sqlState });
    }
    if (how === 'cut after') {
      await run();
    }
    await this.#admin.run(`select pg_terminate_backend(${processId}, 5000)`);
    return how === 'cut' ? run() : Promise.reject(new Error('Connection terminated unexpectedly'));
  }
}
