/**
 * A service that reports a session by hand: grpc-js, pg, the seven statements of the floor. No checks, no rules, no
 * accounts. Prints `ready on <url>`; its database must have what bench/fixture.ts and keepRowSizes leave there.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import pg from 'pg';
import {
  type HandleSessionCompleteRequest,
  HandleSessionCompleteRequestSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { pathOf } from '../calls.ts';
import { ACCOUNT_ID } from '../fixture.ts';
import { STATEMENTS } from './statements.ts';

const CONNECTIONS = 16;

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? '', max: CONNECTIONS });
const {
  rows: [size],
} = await pool.query<{ response: Buffer }>('select response from bench_sizes');
const answer = size?.response ?? Buffer.alloc(0);

async function handle({ userId, session }: HandleSessionCompleteRequest): Promise<Buffer> {
  const client = await pool.connect();
  const ofSession = [ACCOUNT_ID, userId, session?.sessionId];
  const run = (name: keyof typeof STATEMENTS, values: readonly unknown[]) =>
    client.query({ name, text: STATEMENTS[name], values: [...values] });
  try {
    await client.query('begin');
    await run('lock', ofSession.slice(0, 2));
    await run('ledger', ofSession);
    await run('apply', ofSession);
    await run('outbox', ofSession.slice(0, 2));
    await run('record', ofSession);
    await client.query('commit');
    client.release();
    return answer;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const server = new Server();
server.addService(
  {
    handleSessionComplete: {
      path: pathOf('HandleSessionComplete'),
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => fromBinary(HandleSessionCompleteRequestSchema, bytes),
      requestSerialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  },
  {
    handleSessionComplete(
      { request }: ServerUnaryCall<HandleSessionCompleteRequest, Buffer>,
      callback: sendUnaryData<Buffer>,
    ) {
      handle(request).then(
        (bytes) => callback(null, bytes),
        (error: Error) => callback(error),
      );
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  process.stdout.write(`ready on http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => server.tryShutdown(() => void pool.end()));
