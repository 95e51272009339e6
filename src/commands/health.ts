/** The command health: asks the server at HOST and PORT whether it serves, as a container's health check does. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { Config } from '../config/config.ts';
import type { TlsConfig } from '../config/tls-config.ts';
import { StartError } from '../errors/start-error.ts';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '../gen/health/v1/health_pb.ts';

const PATIENCE_MS = 3_000;

/** Throws StartError when there is no answer, or another one than SERVING. */
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
 * The server that is asked is this machine's own: it shows the certificate of the file, whatever name is in it. Where
 * clients need a certificate, it is shown in return, so it has to be one that the clients' authority issued.
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

/** A host that means every interface is none to call; this machine has the loopback one. */
function addressOf({ host, port, tls }: Config): string {
  const address = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `${tls ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
