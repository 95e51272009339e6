/** The gRPC service config that clients are given: it names what exists, and brings them through an outage. */
import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { DomainError } from '../../src/errors/domain-error.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { GetUserRequestSchema, UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { callGrpcJs, createGrpcJsClient, startTestServer, USER_ID } from './test-server.ts';

const TEXT = readFileSync(new URL('../../proto/progression/v1/service_config.json', import.meta.url), 'utf8');

/** A server whose GetUser is unavailable for the first calls; and how often it was called. */
async function startUnavailableServer(failures: number) {
  const counter = { calls: 0 };
  const server = await startTestServer({
    users: {
      getUser({ userId }) {
        counter.calls += 1;
        if (counter.calls <= failures) {
          throw new DomainError('DATABASE_UNAVAILABLE', 'the database is not available; try again');
        }
        return { user: { id: userId } };
      },
    },
  });
  const client = createGrpcJsClient(server, { 'grpc.service_config': TEXT });
  const request = create(GetUserRequestSchema, { userId: USER_ID });
  const getUser = () => callGrpcJs(client, UserService.method.getUser, request, new Metadata());
  return { counter, getUser };
}

test('names every service of the API, and nothing else', () => {
  const { methodConfig } = JSON.parse(TEXT) as { methodConfig: { name: { service: string }[] }[] };
  const named = methodConfig.flatMap(({ name }) => name.map(({ service }) => service));
  expect(named.sort()).toEqual(
    [AuditService, ProgramService, ProgressionService, UserService].map((service) => service.typeName).sort(),
  );
});

test('makes a grpc-js client retry three answers of UNAVAILABLE', async () => {
  const { counter, getUser } = await startUnavailableServer(3);
  expect((await getUser()).user?.id).toBe(USER_ID);
  expect(counter.calls).toBe(4);
});

test('makes it give up after the fourth', async () => {
  const { counter, getUser } = await startUnavailableServer(100);
  await expect(getUser()).rejects.toMatchObject({ code: 14 });
  expect(counter.calls).toBe(4);
});
