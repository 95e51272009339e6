/** A name server on a port of its own: answers the names that it knows with one IPv4 address, and others never. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface NameServer {
  /** As a resolver takes it, such as `127.0.0.1:40123`. */
  readonly address: string;
  /** The names in the order in which they were asked for, once for each record type and try. */
  readonly asked: string[];
  close(): Promise<void>;
}

export interface KnownName {
  readonly address: string;
  readonly ttlS: number;
}

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** A response without an error, to a query that wanted recursion. */
const ANSWERED = 0x8180;
/** The name of an answer: a pointer to that of the question. */
const SAME_NAME = 0xc000 | HEADER_BYTES;

export async function startNameServer(names: Readonly<Record<string, KnownName>>): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4', (query, { address, port }) => {
    const { name, type, end } = readQuestion(query);
    asked.push(name);
    const known = names[name];
    if (known) {
      const answers = type === TYPE_A ? [known] : [];
      socket.send(encodeResponse(query.subarray(0, end), answers), port, address);
    }
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function encodeResponse(question: Buffer, answers: readonly KnownName[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(ANSWERED, 2);
  head.writeUInt16BE(answers.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...answers.map(encodeAddress)]);
}

function encodeAddress({ address, ttlS }: KnownName): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(SAME_NAME, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ttlS, 6);
  record.writeUInt16BE(4, 10);
  record.set(address.split('.').map(Number), 12);
  return record;
}
