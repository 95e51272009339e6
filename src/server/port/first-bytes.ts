/**
 * Tells HTTP/2 from HTTP/1.1 by the first bytes of a connection, so that one cleartext port can serve both.
 */
import type { Socket } from 'node:net';

/** The preface of every HTTP/2 connection (RFC 9113, section 3.4). */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export type HttpVersion = 'http1' | 'http2';

/**
 * Calls `serve` when the first bytes decide; the socket is then in its initial state. A peer that closes,
 * fails or does not decide within `timeoutMs` is disconnected, and `serve` is not called.
 */
export function detectHttpVersion(
  socket: Socket,
  timeoutMs: number,
  serve: (version: HttpVersion) => void,
): void {
  let received = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);

  function stop(): void {
    clearTimeout(timer);
    socket.off('readable', read);
    socket.off('end', cutOff);
    socket.off('close', stop);
  }
  function cutOff(): void {
    stop();
    socket.destroy();
  }
  function read(): void {
    const chunk: Buffer | null = socket.read();
    if (!chunk) {
      return;
    }
    received = Buffer.concat([received, chunk]);
    const version = versionOf(received);
    if (version) {
      stop();
      socket.unshift(received);
      serve(version);
    }
  }

  socket.on('readable', read);
  socket.on('end', cutOff);
  socket.on('close', stop);
}

/** undefined: the bytes are a prefix of the preface, and too few to decide. */
function versionOf(bytes: Buffer): HttpVersion | undefined {
  const length = Math.min(bytes.length, HTTP2_PREFACE.length);
  if (!bytes.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length))) {
    return 'http1';
  }
  return length === HTTP2_PREFACE.length ? 'http2' : undefined;
}
