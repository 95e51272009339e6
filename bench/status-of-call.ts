/** Makes a gRPC call over an HTTP/2 session, and returns its status. */
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { v4 as uuidv4 } from 'uuid';
import { frameOf, type Method, pathOf } from './calls.ts';
import { ACCOUNT_ID } from './fixture.ts';

/** The gRPC status; '0': answered. Rejects when the stream breaks. */
export function statusOfCall(
  session: ClientHttp2Session,
  method: Method,
  message: Uint8Array,
): Promise<string | undefined> {
  return statusOfFrame(session, pathOf(method), frameOf(message));
}

/** The same of any method, from its path and the frame of its message. */
export function statusOfFrame(
  session: ClientHttp2Session,
  path: string,
  frame: Uint8Array,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      'x-account-id': ACCOUNT_ID,
      'idempotency-key': uuidv4(),
    });
    let status: string | undefined;
    const note = (headers: IncomingHttpHeaders) => {
      status = (headers['grpc-status'] as string | undefined) ?? status;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', reject);
    stream.on('end', () => resolve(status));
    stream.resume();
    stream.end(frame);
  });
}
