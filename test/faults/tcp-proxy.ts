/** A TCP proxy that does to connections what networks do: it cuts them, delays them, and leaves them half open. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** Where connections lead from now on; undefined: nowhere, they are refused. */
  leadTo(target: NetConnectOpts | undefined): void;
  /** Ends every connection, on both sides, without a word. */
  cut(): void;
  /** Holds everything back that comes in, for so long each time; 0: no more. */
  delay(delayMs: number): void;
  /** Takes bytes in and passes none on, in either direction, until the connections are cut. */
  halfOpen(): void;
  /** Lets bytes through again; what was held back by `halfOpen` follows. */
  heal(): void;
  /**
   * Passes the next COMMITs of PostgreSQL's protocol on, and cuts their connections when they are answered: whoever
   * sent one does not learn what became of it.
   */
  cutAfterCommits(count: number): void;
  /**
   * Asks PostgreSQL on connections whose transactions have ended what is still set there, in the client's place, and
   * cuts them. Answers with what it was told.
   */
  askIdle(query: string): Promise<string[]>;
  /** How many connections have been cut at a commit. */
  readonly commitsCut: number;
  close(): Promise<void>;
}

/** The message Query of PostgreSQL's protocol, for the end of a transaction. */
const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0');
/** The message ReadyForQuery, outside of any transaction. */
const IDLE = Buffer.from('Z\0\0\0\x05I');
/** The type of the message DataRow, and where its first column begins: behind its length, their number and its own length. */
const DATA_ROW = 'D'.charCodeAt(0);
const LENGTH_AT = 1;
const COLUMN_LENGTH_AT = 7;
const COLUMN_AT = 11;
const ANSWER_MS = 1_000;

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** The last that was said is that the far side waits. */
  isIdle: boolean;
  /** Takes the far side's answer, in place of the near side. */
  asked: ((answer: Buffer) => void) | undefined;
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
    const pair: Pair = { near, far, isIdle: false, asked: undefined };
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
      return pair.asked === undefined;
    });
    void forward(far, near, (chunk) => {
      if (pair.asked) {
        pair.asked(chunk);
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

  /** Chunk by chunk, in order; `passes` sees each before it goes on. */
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
      // The connection was cut, by either side or by us.
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
    leadTo(next) {
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

/** The first column of the one row; undefined: the connection was cut first. */
async function ask(pair: Pair, query: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
  pair.asked = resolve;
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
