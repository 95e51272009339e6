/**
 * The suite in the gRPC client that most Node services use, with its own protobuf library and without code of the
 * service.
 */
import { readFileSync } from 'node:fs';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import {
  loadSync,
  type MessageTypeDefinition,
  type MethodDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import type { Case, Parts, Stage } from './stage.ts';

const SESSION_COMPLETE = 'progression.v1.ProgressionService/HandleSessionComplete';
const GET_USER = 'progression.v1.UserService/GetUser';

interface Answer {
  /** As they came over the wire. */
  readonly bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: a message of a client that knows no types
  readonly message: any;
  readonly isReplayed: boolean;
}

interface CallOptions {
  readonly address?: string;
  readonly metadata?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly channel?: Record<string, string>;
}

const FILES = [
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
  'health/v1/health.proto',
  'progression/v1/progression_service.proto',
  'progression/v1/user_service.proto',
];
const FOLDERS = [
  'proto',
  'node_modules/@grpc/reflection/build/proto',
  'node_modules/grpc-health-check/proto',
];

/** Each case throws when the answer does not follow the contract. */
export function createNodeSuite(stage: Stage): Record<Case, () => Promise<void>> {
  const types = loadSync(FILES, {
    includeDirs: FOLDERS,
    keepCase: true,
    enums: String,
    longs: Number,
    defaults: true,
  });
  const parts = stage.parts();

  function methodOf(name: string): MethodDefinition<object, object> {
    const [service = '', method = ''] = name.split('/');
    return (types[service] as ServiceDefinition)[method] as MethodDefinition<object, object>;
  }

  function call(name: string, request: object, options: CallOptions = {}): Promise<Answer> {
    const { address = parts.address, metadata = {}, timeoutMs = 10_000, channel = {} } = options;
    const client = new Client(address, credentials.createInsecure(), channel);
    const { path, requestSerialize, responseDeserialize } = methodOf(name);
    return new Promise<Answer>((resolve, reject) => {
      let isReplayed = false;
      client
        .makeUnaryRequest(
          path,
          requestSerialize,
          (bytes) => bytes,
          request,
          metadataOf(parts, metadata),
          { deadline: Date.now() + timeoutMs },
          (error, bytes) =>
            error || !bytes
              ? reject(error)
              : resolve({ bytes, message: responseDeserialize(bytes), isReplayed }),
        )
        .on('metadata', (headers) => {
          isReplayed = headers.get('idempotency-replayed').includes('true');
        });
    }).finally(() => client.close());
  }

  function messageOf<T>(typeName: string, bytes: Buffer): T {
    return (types[typeName] as MessageTypeDefinition<object, T>).deserialize(bytes);
  }

  /** The code of a failed call and its details, each under the name of its type. */
  async function refusalOf(answer: Promise<Answer>) {
    const error: ServiceError = await answer.then(
      () => expect.unreachable('the call was answered'),
      (reason) => reason,
    );
    const [trailer] = error.metadata.get('grpc-status-details-bin');
    const { details } = Buffer.isBuffer(trailer)
      ? messageOf<{ details: { type_url: string; value: Buffer }[] }>('google.rpc.Status', trailer)
      : { details: [] };
    const decoded = details.map(({ type_url, value }) => {
      const typeName = `${type_url.split('/').at(-1)}`;
      return [typeName.replace('google.rpc.', ''), messageOf(typeName, value)];
    });
    return { code: error.code, ...Object.fromEntries(decoded) };
  }

  const session = (userId: string, sessionId = uuidv7()) => ({
    user_id: userId,
    session: { session_id: sessionId, day_slug: 'a', week_number: 1, lifts_performed: [parts.liftId] },
  });
  const withId = (id = uuidv7()) => ({ metadata: { 'idempotency-key': id } });

  return {
    async call() {
      const { message, isReplayed } = await call(SESSION_COMPLETE, session(parts.userId), withId());
      const { outcome } = message;
      expect(outcome).toMatchObject({ trigger_type: 'TRIGGER_TYPE_AFTER_SESSION', total_applied: 1 });
      expect(outcome.results[0]).toMatchObject({ applied: true, delta: '2.5', lift_id: parts.liftId });
      expect(isReplayed).toBe(false);
    },

    async replay() {
      const [request, id] = [session(parts.userId), withId()];
      const first = await call(SESSION_COMPLETE, request, id);
      const second = await call(SESSION_COMPLETE, request, id);
      expect(first.message.outcome.total_applied).toBe(1);
      expect(second.bytes.equals(first.bytes)).toBe(true);
      expect([first.isReplayed, second.isReplayed]).toEqual([false, true]);
    },

    async conflict() {
      const id = withId();
      await call(SESSION_COMPLETE, session(parts.userId), id);
      const refusal = await refusalOf(call(SESSION_COMPLETE, session(parts.userId), id));
      expect(refusal).toMatchObject({
        code: status.ALREADY_EXISTS,
        ErrorInfo: { reason: 'REQUEST_ID_REUSED', domain: 'progression-service' },
      });
      expect(refusal).not.toHaveProperty('RetryInfo');
    },

    async deadline() {
      const startedAt = Date.now();
      const late = call(SESSION_COMPLETE, session(parts.heldUserId), { ...withId(), timeoutMs: 300 });
      expect(await refusalOf(late)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
      expect(Date.now() - startedAt).toBeLessThan(3_000);
    },

    async 'not found'() {
      const userId = uuidv7();
      expect(await refusalOf(call(GET_USER, { user_id: userId }))).toMatchObject({
        code: status.NOT_FOUND,
        ErrorInfo: { reason: 'USER_NOT_FOUND', metadata: { userId } },
      });
    },

    async 'invalid argument'() {
      const request = {
        user_id: 'x',
        session: { ...session('').session, day_slug: '', lifts_performed: ['y'] },
      };
      const refusal = await refusalOf(call(SESSION_COMPLETE, request, withId()));
      expect(refusal).toMatchObject({
        code: status.INVALID_ARGUMENT,
        ErrorInfo: { reason: 'VALIDATION_FAILED' },
      });
      const fields = refusal.BadRequest.field_violations.map(({ field }: { field: string }) => field);
      expect(fields).toEqual(['user_id', 'session.day_slug', 'session.lifts_performed[0]']);
    },

    async 'retry info'() {
      const address = parts.unavailableAddress;
      const refusal = await refusalOf(call(GET_USER, { user_id: parts.userId }, { address }));
      expect(refusal).toMatchObject({
        code: status.UNAVAILABLE,
        ErrorInfo: { reason: 'DATABASE_UNAVAILABLE' },
        RetryInfo: { retry_delay: { seconds: 1, nanos: 0 } },
      });
    },

    async 'service config'() {
      const id = parts.retriedRequestId;
      const config = readFileSync('proto/progression/v1/service_config.json', 'utf8');
      const options = { address: parts.unavailableAddress, channel: { 'grpc.service_config': config } };
      const refusal = await refusalOf(
        call(GET_USER, { user_id: parts.userId }, { ...options, ...withId(id) }),
      );
      expect(refusal).toMatchObject({ code: status.UNAVAILABLE });
      expect(stage.attemptsOf(id)).toBe(4);
    },

    async health() {
      for (const service of ['', 'progression.v1.ProgressionService']) {
        const { message } = await call('grpc.health.v1.Health/Check', { service });
        expect(message).toEqual({ status: 'SERVING' });
      }
      const unknown = await refusalOf(call('grpc.health.v1.Health/Check', { service: 'no.such.Service' }));
      expect(unknown).toMatchObject({ code: status.NOT_FOUND });
      const { message } = await call(
        'grpc.health.v1.Health/Check',
        {},
        { address: parts.unavailableAddress },
      );
      expect(message).toEqual({ status: 'NOT_SERVING' });
    },

    async reflection() {
      for (const version of ['v1', 'v1alpha']) {
        const names = await listServices(
          parts.address,
          methodOf(`grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`),
        );
        expect(names).toEqual(
          expect.arrayContaining(['grpc.health.v1.Health', 'progression.v1.ProgressionService']),
        );
      }
    },
  };
}

function metadataOf({ accountId }: Parts, entries: Record<string, string>): Metadata {
  return Metadata.fromHttp2Headers({ 'x-account-id': accountId, ...entries });
}

function listServices(address: string, method: MethodDefinition<object, object>): Promise<string[]> {
  const client = new Client(address, credentials.createInsecure());
  const stream: ClientDuplexStream<object, ServiceList> = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize as (bytes: Buffer) => ServiceList,
  );
  return new Promise<string[]>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ list_services_response }: ServiceList) => {
      resolve(list_services_response.service.map(({ name }) => name));
      stream.end();
    });
    stream.write({ list_services: '' });
  }).finally(() => client.close());
}

interface ServiceList {
  readonly list_services_response: { readonly service: readonly { readonly name: string }[] };
}
