/**
 * A minimal HTTP/2 connection for the load generator: processor time of the caller is not available to the service and
 * PostgreSQL.
 */
import { connect, type Socket } from 'node:net';
import { frameOf } from './calls.ts';
import { ACCOUNT_ID } from './fixture.ts';

/** The result of a call. */
export interface Answer {
  /** Whether there is a message: a gRPC call that fails ends with its headers. */
  readonly isAnswered: boolean;
  /** The received gRPC frames. */
  readonly body: Buffer;
}

export interface ThinConnection {
  /** Rejects when the connection ends first. */
  call(path: string, requestId: string, message: Uint8Array): Promise<Answer>;
  close(): void;
}

interface Call {
  readonly chunks: Buffer[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** RFC 9113, section 6. */
const FRAME_TYPES = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 };
const END_STREAM = 1;
const END_HEADERS = 4;
const ACKNOWLEDGED = 1;
const FRAME_HEADER_BYTES = 9;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const LARGEST_WINDOW = 2 ** 31 - 1;
const FIRST_WINDOW = 65_535;
const LARGEST_FRAME = 16_384;
const LARGEST_MESSAGE = 60_000;
const NOTHING: Buffer = Buffer.alloc(0);
/** No server push, and the largest windows. */
const SETTINGS = Buffer.from([0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff]);

/** Resolves when the connection is open. */
export async function openThinConnection(url: string): Promise<ThinConnection> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new Connection(socket, host);
}

class Connection implements ThinConnection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #calls = new Map<number, Call>();
  /** Frames that wait for the peer's window. */
  readonly #held: Buffer[] = [];
  #nextStreamId = 1;
  #received: Buffer = NOTHING;
  /** The remaining windows for sending and receiving. */
  #sendWindow = FIRST_WINDOW;
  #receiveWindow = LARGEST_WINDOW;

  constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the connection ended')));
    socket.write(
      Buffer.concat([
        PREFACE,
        frame(FRAME_TYPES.settings, 0, 0, SETTINGS),
        frame(FRAME_TYPES.windowUpdate, 0, 0, uint32(LARGEST_WINDOW - FIRST_WINDOW)),
      ]),
    );
  }

  call(path: string, requestId: string, message: Uint8Array): Promise<Answer> {
    if (message.length > LARGEST_MESSAGE) {
      return Promise.reject(
        new RangeError(
          `a message has at most ${LARGEST_MESSAGE} bytes, as windows of streams are not looked at`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const streamId = this.#nextStreamId;
      this.#nextStreamId += 2;
      this.#calls.set(streamId, { chunks: [], resolve, reject });
      const headers = headerBlock(path, this.#host, requestId);
      this.#socket.cork();
      this.#socket.write(frame(FRAME_TYPES.headers, END_HEADERS, streamId, headers));
      const body = frameOf(message);
      for (let from = 0; from < body.length; from += LARGEST_FRAME) {
        const isLast = from + LARGEST_FRAME >= body.length;
        const part = body.subarray(from, from + LARGEST_FRAME);
        this.#held.push(frame(FRAME_TYPES.data, isLast ? END_STREAM : 0, streamId, part));
      }
      this.#sendHeld();
      process.nextTick(() => this.#socket.uncork());
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #sendHeld(): void {
    for (;;) {
      const [first] = this.#held;
      const bytes = (first?.length ?? 0) - FRAME_HEADER_BYTES;
      if (!first || bytes > this.#sendWindow) {
        return;
      }
      this.#sendWindow -= bytes;
      this.#held.shift();
      this.#socket.write(first);
    }
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (this.#received.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + this.#received.readUIntBE(at, 3);
      if (this.#received.length < end) {
        break;
      }
      const [type = 0, flags = 0] = this.#received.subarray(at + 3, at + 5);
      const streamId = this.#received.readUInt32BE(at + 5) & LARGEST_WINDOW;
      this.#take(type, flags, streamId, this.#received.subarray(at + FRAME_HEADER_BYTES, end));
      at = end;
    }
    this.#received = this.#received.subarray(at);
  }

  #take(type: number, flags: number, streamId: number, payload: Buffer): void {
    const call = this.#calls.get(streamId);
    switch (type) {
      case FRAME_TYPES.data:
        call?.chunks.push(payload);
        this.#countReceived(payload.length);
        break;
      case FRAME_TYPES.resetStream:
        this.#calls.delete(streamId);
        call?.reject(new Error('the stream was reset'));
        return;
      case FRAME_TYPES.settings:
      case FRAME_TYPES.ping:
        if ((flags & ACKNOWLEDGED) === 0) {
          this.#socket.write(frame(type, ACKNOWLEDGED, 0, type === FRAME_TYPES.ping ? payload : NOTHING));
        }
        return;
      case FRAME_TYPES.windowUpdate:
        if (streamId === 0) {
          this.#sendWindow += payload.readUInt32BE(0);
          this.#sendHeld();
        }
        return;
      case FRAME_TYPES.goAway:
        this.#socket.destroy();
        return;
    }
    if (call && (flags & END_STREAM) !== 0) {
      this.#calls.delete(streamId);
      call.resolve({ isAnswered: call.chunks.length > 0, body: Buffer.concat(call.chunks) });
    }
  }

  #countReceived(bytes: number): void {
    this.#receiveWindow -= bytes;
    if (this.#receiveWindow < LARGEST_WINDOW / 2) {
      const more = LARGEST_WINDOW - this.#receiveWindow;
      this.#socket.write(frame(FRAME_TYPES.windowUpdate, 0, 0, uint32(more)));
      this.#receiveWindow = LARGEST_WINDOW;
    }
  }

  #end(error: Error): void {
    for (const { reject } of this.#calls.values()) {
      reject(error);
    }
    this.#calls.clear();
  }
}

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** HPACK (RFC 7541) without a dynamic table: each name and value in full, or a static entry. */
function headerBlock(path: string, host: string, requestId: string): Buffer {
  const literal = (name: string, value: string) => `\0${lengthThen(name)}${lengthThen(value)}`;
  return Buffer.from(
    [
      '\x83\x86',
      `\x04${lengthThen(path)}`,
      `\x01${lengthThen(host)}`,
      literal('content-type', 'application/grpc+proto'),
      literal('te', 'trailers'),
      literal('x-account-id', ACCOUNT_ID),
      literal('idempotency-key', requestId),
    ].join(''),
    'latin1',
  );
}

/** Shorter than 127 bytes. */
function lengthThen(text: string): string {
  return String.fromCharCode(text.length) + text;
}
