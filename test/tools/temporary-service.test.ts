/** The service that tools bring along. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect, test } from 'vitest';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { openService } from '../../tools/temporary-service.ts';

const clientOf = (url: string) => createClient(ProgramService, createGrpcTransport({ baseUrl: url }));

test('a temporary service has an account without programs and the whole catalogue, until it is closed', async () => {
  const service = await openService();
  try {
    expect((await clientOf(service.url).listPrograms({})).totalSize).toBe(0);
    expect((await clientOf(service.url).listCatalogPrograms({})).programs.length).toBeGreaterThan(10);
  } finally {
    await service.close();
  }
  await expect(clientOf(service.url).listPrograms({})).rejects.toThrow('ECONNREFUSED');
});

test('a service at a URL is used, and is not stopped', async () => {
  const running = await openService();
  try {
    const called = await openService(`${running.url}//`);
    await called.close();

    expect(called.url).toBe(running.url);
    expect((await clientOf(called.url).listPrograms({})).totalSize).toBe(0);
  } finally {
    await running.close();
  }
});
