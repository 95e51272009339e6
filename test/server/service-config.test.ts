/** The gRPC service config that clients are given: it names what exists, and brings them through an outage. */
import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { DomainError } from '../../src/errors/domain-error.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
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

const SERVICES = [
  ...[AuditService, ProgramService, ProgressionService, UserService],
  ...[EventService, TriggerService, WorkflowService],
];

interface MethodConfig {
  readonly name: readonly { readonly service: string; readonly method?: string }[];
  readonly timeout?: string;
}
const { methodConfig } = JSON.parse(TEXT) as { methodConfig: MethodConfig[] };

test('names every service of the API, and nothing else', () => {
  const named = methodConfig.flatMap(({ name }) => name.filter(({ method }) => method === undefined));
  expect(named.map(({ service }) => service).sort()).toEqual(
    SERVICES.map((service) => service.typeName).sort(),
  );
});

test('ends calls after a timeout, but no stream', () => {
  const streams = SERVICES.flatMap(({ methods }) =>
    methods.filter(({ methodKind }) => methodKind !== 'unary'),
  ).map(({ parent, name }) => ({ service: parent.typeName, method: name }));
  const isOfStreams = ({ name }: MethodConfig) => name.some(({ method }) => method !== undefined);
  expect(methodConfig.filter(isOfStreams).flatMap(({ name }) => name)).toEqual(streams);
  expect(methodConfig.filter(({ timeout }) => timeout === undefined)).toEqual(
    methodConfig.filter(isOfStreams),
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
