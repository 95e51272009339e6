/** Reads a gRPC body that is one frame, without the streams that a body of several needs. */
import type { ServerHttp2Stream } from 'node:http2';
import type { EnvelopedMessage } from '@connectrpc/connect/protocol';

const HEAD_BYTES = 5;
const HIGHEST_FLAG = 1;

export type Body =
  | { readonly kind: 'frame'; readonly frame: EnvelopedMessage }
  /** Not one frame, or too long: all that the stream brings, what was read already included. */
  | { readonly kind: 'other'; readonly bytes: AsyncIterable<Uint8Array> };

/**
 * Resolves when the body has ended, or as soon as it is not one frame of at most `maxBytes`. Does not resolve when the
 * stream closes before that.
 */
export function readOnlyFrame(stream: ServerHttp2Stream, maxBytes: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let receivedBytes = 0;
    /** Of the first frame with its head; undefined: not known yet. */
    let frameBytes: number | undefined;

    function stop(body: Body): void {
      stream.off('data', take);
      stream.off('end', end);
      resolve(body);
    }
    function take(chunk: Buffer): void {
      chunks.push(chunk);
      receivedBytes += chunk.length;
      if (frameBytes === undefined && receivedBytes >= HEAD_BYTES) {
        frameBytes = frameBytesOf(joined(chunks), maxBytes);
      }
      if (frameBytes !== undefined && receivedBytes > frameBytes) {
        stream.pause();
        stop({ kind: 'other', bytes: resumed(chunks, stream) });
      }
    }
    function end(): void {
      if (stream.closed) {
        // Node ends the body of a call that was cancelled, too.
        return;
      }
      if (receivedBytes === frameBytes) {
        const frame = joined(chunks);
        stop({ kind: 'frame', frame: { flags: frame.readUInt8(), data: frame.subarray(HEAD_BYTES) } });
      } else {
        stop({ kind: 'other', bytes: resumed(chunks, stream) });
      }
    }
    stream.on('data', take);
    stream.on('end', end);
  });
}

/** 0 for a frame that is not read here. */
function frameBytesOf(received: Buffer, maxBytes: number): number {
  const messageBytes = received.readUInt32BE(1);
  return received.readUInt8() > HIGHEST_FLAG || messageBytes > maxBytes ? 0 : HEAD_BYTES + messageBytes;
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first && chunks.length === 1 ? first : Buffer.concat(chunks);
}

async function* resumed(chunks: readonly Buffer[], stream: ServerHttp2Stream): AsyncGenerator<Uint8Array> {
  yield* chunks;
  if (!stream.readableEnded) {
    yield* stream.iterator({ destroyOnReturn: false });
  }
}
