/** The command health: asks the server at HOST and PORT whether it serves, as a container's health check does. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { Config } from '../config.ts';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '../gen/health/v1/health_pb.ts';
import { StartError } from '../start-error.ts';

const PATIENCE_MS = 3_000;

/** Throws StartError when there is no answer, or another one than SERVING. */
export async function runHealth(config: Config): Promise<void> {
  const baseUrl = addressOf(config);
  const client = createClient(Health, createGrpcTransport({ baseUrl }));
  const { status } = await client.check({}, { timeoutMs: PATIENCE_MS }).catch((error: Error) => {
    throw new StartError(`no answer from ${baseUrl}: ${error.message}`);
  });
  if (status !== ServingStatus.SERVING) {
    throw new StartError(`the server at ${baseUrl} takes no calls at present`);
  }
}

/** A host that means every interface is none to call; this machine has the loopback one. */
function addressOf({ host, port }: Config): string {
  const address = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
