/** A TCP proxy that injects network faults: cut, delayed and half-open connections. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** Sets the target of new connections; undefined refuses them. */
  setTarget(target: NetConnectOpts | undefined): void;
  /** Closes every connection on both sides without a message. */
  cut(): void;
  /** Delays each chunk; 0 ends the delay. */
  delay(delayMs: number): void;
  /** Accepts bytes and forwards none, in both directions, until the connections are cut or healed. */
  halfOpen(): void;
  /** Forwards bytes again, including those held back by `halfOpen`. */
  heal(): void;
  /**
   * Forwards the next COMMITs of PostgreSQL's protocol, and cuts their connections when the response arrives,
   * so that the sender does not learn the result.
   */
  cutAfterCommits(count: number): void;
  /** Runs a query on idle connections in place of the client, and cuts them. Returns the results. */
  askIdle(query: string): Promise<string[]>;
  /** Number of connections cut at a commit. */
  readonly commitsCut: number;
  close(): Promise<void>;
}

/** The message Query of PostgreSQL's protocol, for the end of a transaction. */
const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0');
/** The message ReadyForQuery, outside of any transaction. */
const IDLE = Buffer.from('Z\0\0\0\x05I');
/**
 * The type of the message DataRow, and the offset of its first column: after the length, the number of
 * columns and the column's length.
 */
const DATA_ROW = 'D'.charCodeAt(0);
const LENGTH_AT = 1;
const COLUMN_LENGTH_AT = 7;
const COLUMN_AT = 11;
const ANSWER_MS = 1_000;

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** The server's last message was ReadyForQuery. */
  isIdle: boolean;
  /** Receives the server's response in place of the client. */
  onAnswer: ((answer: Buffer) => void) | undefined;
}

export async function startTcpProxy(): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let target: NetConnectOpts | undefined;
  let delayMs = 0;
  let isHalfOpen = false;
  let commitsToCut = 0;
  let commitsCut = 0;
  let healed = Promise.withResolvers<void>();

  const server = createServer({ allowHalfOpen: false, noDelay: true }, (near) => {
    near.on('error', () => near.destroy());
    if (!target) {
      near.destroy();
      return;
    }
    const far = connect({ ...target, noDelay: true } as NetConnectOpts);
    const pair: Pair = { near, far, isIdle: false, onAnswer: undefined };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.on('error', end).on('close', end);
    }
    const commit = { isPending: false };
    void forward(near, far, (chunk) => {
      pair.isIdle = false;
      if (commitsToCut > 0 && chunk.includes(COMMIT)) {
        commitsToCut -= 1;
        commit.isPending = true;
      }
      return pair.onAnswer === undefined;
    });
    void forward(far, near, (chunk) => {
      if (pair.onAnswer) {
        pair.onAnswer(chunk);
        return false;
      }
      if (commit.isPending) {
        commitsCut += 1;
        end();
        return false;
      }
      pair.isIdle = chunk.subarray(-IDLE.length).equals(IDLE);
      return true;
    });
  });

  /** Forwards chunks in order; `passes` decides on each. */
  async function forward(from: Socket, to: Socket, passes: (chunk: Buffer) => boolean): Promise<void> {
    try {
      for await (const chunk of from) {
        if (delayMs > 0) {
          await delay(delayMs);
        }
        while (isHalfOpen && !from.destroyed) {
          await healed.promise;
        }
        if (!passes(chunk)) {
          return;
        }
        if (!to.destroyed && !to.write(chunk)) {
          await once(to, 'drain');
        }
      }
    } catch {
      // The connection was cut by either side or by the proxy.
      to.destroy();
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function heal(): void {
    delayMs = 0;
    isHalfOpen = false;
    commitsToCut = 0;
    healed.resolve();
    healed = Promise.withResolvers();
  }

  function cut(): void {
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
    pairs.clear();
  }

  return {
    port,
    setTarget(next) {
      target = next;
    },
    cut,
    delay(ms) {
      delayMs = ms;
    },
    halfOpen() {
      isHalfOpen = true;
    },
    heal,
    cutAfterCommits(count) {
      commitsToCut = count;
    },
    async askIdle(query) {
      const answers = [...pairs].filter(({ isIdle }) => isIdle).map((pair) => ask(pair, query));
      const texts = await Promise.all(answers);
      return texts.filter((text) => text !== undefined);
    },
    get commitsCut() {
      return commitsCut;
    },
    async close() {
      heal();
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The first column of the only row; undefined when the connection was cut first. */
async function ask(pair: Pair, query: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
  pair.onAnswer = resolve;
  const text = Buffer.from(`${query}\0`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length + length.length);
  pair.far.write(Buffer.concat([Buffer.from('Q'), length, text]));
  const answer = await promise;
  clearTimeout(timer);
  pair.near.destroy();
  pair.far.destroy();
  return answer && firstColumn(answer);
}

function firstColumn(answer: Buffer): string | undefined {
  for (let at = 0; at < answer.length; at += 1 + answer.readUInt32BE(at + LENGTH_AT)) {
    if (answer[at] === DATA_ROW) {
      const length = answer.readUInt32BE(at + COLUMN_LENGTH_AT);
      return answer.toString('utf8', at + COLUMN_AT, at + COLUMN_AT + length);
    }
  }
  return undefined;
}
