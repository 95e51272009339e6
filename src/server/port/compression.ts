/** The compressions of messages that the server takes and gives. */
import { Code, ConnectError } from '@connectrpc/connect';
import type { Compression } from '@connectrpc/connect/protocol';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';

/** The library's own, but what cannot be decompressed is the caller's to mend, also when it was cut short. */
export const COMPRESSIONS: Compression[] = [compressionGzip, compressionBrotli].map((compression) => ({
  ...compression,
  async decompress(bytes, readMaxBytes) {
    try {
      return await compression.decompress(bytes, readMaxBytes);
    } catch (error) {
      if (error instanceof ConnectError && error.code === Code.ResourceExhausted) {
        throw error;
      }
      const message = `the message cannot be decompressed: it is damaged, cut short, or not ${compression.name}`;
      throw new ConnectError(message, Code.InvalidArgument, undefined, undefined, error);
    }
  },
}));
