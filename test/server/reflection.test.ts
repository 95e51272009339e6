/** Reflection as grpcurl and its kin use it: everything that is called, found and decoded without our files. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import { ServerReflection } from '../../src/gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionV1Alpha } from '../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { startTestServer, USER_ID } from './test-server.ts';

type Question = Parameters<ReturnType<typeof createQuestioner>>[number];

/** Asks each question on one stream and gives the answers in order. */
function createQuestioner(
  url: string,
  service: typeof ServerReflection | typeof ServerReflectionV1Alpha = ServerReflection,
) {
  const client = createClient(service as typeof ServerReflection, createGrpcTransport({ baseUrl: url }));
  return async (...questions: { case: string; value: unknown }[]) => {
    async function* requests() {
      for (const messageRequest of questions) {
        yield { host: 'test', messageRequest } as never;
      }
    }
    const answers = [];
    for await (const response of client.serverReflectionInfo(requests())) {
      answers.push(response.messageResponse);
    }
    return answers;
  };
}

async function ask(question: Question) {
  const { url } = await startTestServer();
  const [answer] = await createQuestioner(url)(question);
  return answer;
}

/** The files of an answer, parsed, by name; the asked one first. */
async function filesOf(question: Question): Promise<FileDescriptorProto[]> {
  const answer = await ask(question);
  if (answer?.case !== 'fileDescriptorResponse') {
    return expect.fail(`no files, but ${answer?.case}`);
  }
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

const SERVICES = [
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
  'progression.v1.ProgramService',
  'progression.v1.ProgressionService',
  'progression.v1.UserService',
];

describe.each([
  ['v1', ServerReflection],
  ['v1alpha', ServerReflectionV1Alpha],
])('%s', (_, service) => {
  test('lists every service, and describes each with all that it imports', async () => {
    const { url } = await startTestServer();
    const questioner = createQuestioner(url, service);
    const [list] = await questioner({ case: 'listServices', value: '*' });
    const names = list?.case === 'listServicesResponse' ? list.value.service.map(({ name }) => name) : [];
    expect(names).toEqual(SERVICES);

    const answers = await questioner(...names.map((value) => ({ case: 'fileContainingSymbol', value })));
    expect(answers.map((answer) => answer.case)).toEqual(names.map(() => 'fileDescriptorResponse'));
    for (const [i, answer] of answers.entries()) {
      const bytes = answer.case === 'fileDescriptorResponse' ? answer.value.fileDescriptorProto : [];
      const files = bytes.map((file) => fromBinary(FileDescriptorProtoSchema, file));
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files.toReversed() }));
      expect(registry.getService(`${names[i]}`)?.methods.length).toBeGreaterThan(0);
    }
  });

  test('repeats the request in the answer', async () => {
    const { url } = await startTestServer();
    const client = createClient(service as typeof ServerReflection, createGrpcTransport({ baseUrl: url }));
    async function* requests() {
      yield { host: 'example.org', messageRequest: { case: 'listServices', value: '' } } as const;
    }
    for await (const response of client.serverReflectionInfo(requests())) {
      expect(response.validHost).toBe('example.org');
      expect(response.originalRequest?.messageRequest).toEqual({ case: 'listServices', value: '' });
    }
  });
});

describe('a file', () => {
  test('is found by its name, and its imports come after it', async () => {
    const files = await filesOf({ case: 'fileByFilename', value: 'progression/v1/user_service.proto' });
    const names = files.map(({ name }) => name);
    expect(names[0]).toBe('progression/v1/user_service.proto');
    expect(names).toContain('google/protobuf/descriptor.proto');
    for (const [index, { name, dependency }] of files.entries()) {
      const places = dependency.map((each) => names.indexOf(each));
      expect(Math.min(...places, names.length), `imports of ${name}`).toBeGreaterThan(index);
    }
  });

  test.each([
    ['a message', 'progression.v1.Session', 'progression/v1/progression_service.proto'],
    [
      'a nested message',
      'progression.v1.BatchTriggerError.FieldViolation',
      'progression/v1/progression_service.proto',
    ],
    ['a field', 'progression.v1.Session.day_slug', 'progression/v1/progression_service.proto'],
    ['a oneof', 'progression.v1.BatchTrigger.event', 'progression/v1/progression_service.proto'],
    ['an enum', 'progression.v1.MaxType', 'progression/v1/common.proto'],
    ['an enum value', 'progression.v1.MAX_TYPE_ONE_RM', 'progression/v1/common.proto'],
    ['a value of a nested enum', 'grpc.health.v1.HealthCheckResponse.SERVING', 'health/v1/health.proto'],
    ['a method', 'progression.v1.UserService.GetUser', 'progression/v1/user_service.proto'],
    ['an extension', 'buf.validate.field', 'buf/validate/validate.proto'],
    ['a well-known type', 'google.protobuf.Timestamp', 'google/protobuf/timestamp.proto'],
    ['an error detail', 'google.rpc.ErrorInfo', 'google/rpc/error_details.proto'],
  ])('is found by the symbol of %s', async (_, symbol, name) => {
    const [file] = await filesOf({ case: 'fileContainingSymbol', value: symbol });
    expect(file?.name).toBe(name);
  });

  test('is found by an extension', async () => {
    const [file] = await filesOf({
      case: 'fileContainingExtension',
      value: { containingType: 'google.protobuf.FieldOptions', extensionNumber: 1159 },
    });
    expect(file?.name).toBe('buf/validate/validate.proto');
  });
});

test('the extensions of a type are listed, also when there are none', async () => {
  expect(
    await ask({ case: 'allExtensionNumbersOfType', value: 'google.protobuf.FieldOptions' }),
  ).toMatchObject({
    value: { baseTypeName: 'google.protobuf.FieldOptions', extensionNumber: [1159, 50102, 50103] },
  });
  expect(await ask({ case: 'allExtensionNumbersOfType', value: 'progression.v1.User' })).toMatchObject({
    value: { baseTypeName: 'progression.v1.User', extensionNumber: [] },
  });
});

test.each<[string, Question]>([
  ['file', { case: 'fileByFilename', value: 'progression/v2/user.proto' }],
  ['symbol', { case: 'fileContainingSymbol', value: 'progression.v1.Nothing' }],
  ['symbol', { case: 'fileContainingSymbol', value: 'constructor' }],
  [
    'extension',
    { case: 'fileContainingExtension', value: { containingType: 'progression.v1.User', extensionNumber: 7 } },
  ],
  ['type', { case: 'allExtensionNumbersOfType', value: 'progression.v1.Nothing' }],
])('an unknown %s is answered with code 5, and the stream does not fail', async (_, question) => {
  expect(await ask(question)).toMatchObject({ case: 'errorResponse', value: { errorCode: 5 } });
});

test('a stream that is open when the server drains is ended', async () => {
  const server = await startTestServer();
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: server.url }));
  async function* requests() {
    yield { messageRequest: { case: 'listServices', value: '' } } as const;
    await new Promise(() => {});
  }
  const answers = client.serverReflectionInfo(requests())[Symbol.asyncIterator]();
  expect((await answers.next()).done).toBe(false);
  await server.close();
  expect((await answers.next()).done).toBe(true);
});

describe('buf curl, which has only the address,', () => {
  /** Runs buf curl over HTTP/2 with prior knowledge and parses what it prints. */
  async function bufCurl(...args: string[]): Promise<string> {
    const buf = new URL('../../node_modules/.bin/buf', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(buf, ['curl', '--http2-prior-knowledge', ...args]);
    return stdout;
  }

  test.each(['grpc-v1', 'grpc-v1alpha'])('lists the services by %s', async (protocol) => {
    const { url } = await startTestServer();
    const args = ['--protocol', 'grpc', '--reflect-protocol', protocol, '--list-services', url];
    expect((await bufCurl(...args)).trim().split('\n')).toEqual(SERVICES);
  });

  test.each(['grpc', 'grpcweb', 'connect'])('makes a call over %s', async (protocol) => {
    const { url } = await startTestServer();
    const method = `${url}/progression.v1.UserService/GetUser`;
    const request = JSON.stringify({ user_id: USER_ID });
    expect(JSON.parse(await bufCurl('--protocol', protocol, '-d', request, method))).toEqual({
      user: { id: USER_ID },
    });
  });
});
