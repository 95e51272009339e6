/** One place in the pool of `pg`: a connection to whichever server was found for it. */
import { EventEmitter } from 'node:events';
import type { Client } from 'pg';
import type { OpenConnection } from './open-connection.ts';

type Done = (error?: Error | null) => void;

/**
 * Has what the pool asks of its clients, also of those that are not `pg`'s own: opening, ending, the events 'error' and
 * 'end', and whether it is still of use. Statements go to `client`.
 */
export class PooledServer extends EventEmitter {
  readonly #open: OpenConnection;
  readonly #unwanted = new AbortController();
  #client: Client | undefined;
  #isBroken = false;

  constructor(open: OpenConnection) {
    super();
    this.#open = open;
  }

  /** Throws TypeError before the pool has connected. */
  get client(): Client {
    if (!this.#client) {
      throw new TypeError('the connection is not open');
    }
    return this.#client;
  }

  connect(done: Done): void {
    this.#open(this.#unwanted.signal).then((client) => this.#adopt(client, done), done);
  }

  end(done: Done = () => undefined): void {
    this.#unwanted.abort();
    if (this.#client) {
      this.#client.end().then(() => done(), done);
    } else {
      done();
    }
  }

  isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** Read by the pool, which keeps no connection that is not. */
  get _queryable(): boolean {
    return !this.#isBroken;
  }

  /** Read by the pool, which keeps no connection that is. */
  get _ending(): boolean {
    return this.#unwanted.signal.aborted;
  }

  #adopt(client: Client, done: Done): void {
    this.#client = client;
    client.on('error', (error) => {
      this.#isBroken = true;
      this.emit('error', error);
    });
    client.on('end', () => {
      this.#isBroken = true;
      this.emit('end');
    });
    if (this._ending) {
      this.end(() => done(new Error('the connection is not wanted any more')));
    } else {
      done(null);
    }
  }
}
