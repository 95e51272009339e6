/**
 * The command health: calls the server at HOST and PORT and reports whether it serves, for container health
 * checks.
 */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { Config } from '../config/config.ts';
import type { TlsConfig } from '../config/tls-config.ts';
import { StartError } from '../errors/start-error.ts';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '../gen/health/v1/health_pb.ts';

const PATIENCE_MS = 3_000;

/** Throws StartError when the server does not answer, or answers anything but SERVING. */
export async function runHealth(config: Config): Promise<void> {
  const baseUrl = addressOf(config);
  const nodeOptions = config.tls ? trustOwnCertificate(config.tls) : {};
  const client = createClient(Health, createGrpcTransport({ baseUrl, nodeOptions }));
  const { status } = await client.check({}, { timeoutMs: PATIENCE_MS }).catch((error: Error) => {
    throw new StartError(`no answer from ${baseUrl}: ${error.message}`);
  });
  if (status !== ServingStatus.SERVING) {
    throw new StartError(`the server at ${baseUrl} takes no calls at present`);
  }
}

/**
 * Connects to this machine's own server, so its certificate is trusted whatever name it carries. Where the
 * server demands client certificates, the server's own certificate is presented; the client CA must have
 * issued it.
 */
function trustOwnCertificate({
  certificateFile,
  keyFile,
  clientAuthorityFile,
}: TlsConfig): ConnectionOptions {
  try {
    const certificate = readFileSync(certificateFile);
    return {
      ca: certificate,
      allowPartialTrustChain: true,
      checkServerIdentity: () => undefined,
      ...(clientAuthorityFile ? { cert: certificate, key: readFileSync(keyFile) } : {}),
    };
  } catch (error) {
    throw new StartError(`cannot use the certificate's files: ${(error as Error).message}`);
  }
}

/** A wildcard address cannot be called; the loopback address of the same family is used instead. */
function addressOf({ host, port, tls }: Config): string {
  const address = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `${tls ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
