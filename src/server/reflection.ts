/**
 * grpc.reflection v1 and v1alpha: describes the services to clients that lack the .proto files, from an
 * index of their descriptors.
 */
import {
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type HandlerContext } from '@connectrpc/connect';
import { file_google_rpc_error_details } from '../gen/google/rpc/error_details_pb.ts';
import type { ServerReflectionRequest as RequestV1 } from '../gen/grpc/reflection/v1/reflection_pb.ts';
import type { ServerReflectionRequest as RequestV1Alpha } from '../gen/grpc/reflection/v1alpha/reflection_pb.ts';

export interface DescriptorIndex {
  fileByName(name: string): DescFile | undefined;
  /** Finds a message, field, oneof, enum, enum value, service, method or extension by its full name. */
  fileOfSymbol(symbol: string): DescFile | undefined;
  fileOfExtension(extendee: string, number: number): DescFile | undefined;
  /** undefined when the message does not exist. */
  extensionNumbersOf(extendee: string): number[] | undefined;
}

/** Indexes the files and everything they import. */
function createDescriptorIndex(roots: Iterable<DescFile>): DescriptorIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const messages = new Set<string>();
  const extensions = new Map<string, Map<number, DescFile>>();

  function addFile(file: DescFile): void {
    const name = file.proto.name;
    if (files.has(name)) {
      return;
    }
    files.set(name, file);
    file.dependencies.forEach(addFile);
    file.messages.forEach(addMessage);
    file.enums.forEach(addEnum);
    file.services.forEach(addService);
    file.extensions.forEach(addExtension);
  }
  function addMessage(message: DescMessage): void {
    messages.add(message.typeName);
    symbols.set(message.typeName, message.file);
    for (const member of [...message.fields, ...message.oneofs]) {
      symbols.set(`${message.typeName}.${member.name}`, message.file);
    }
    message.nestedMessages.forEach(addMessage);
    message.nestedEnums.forEach(addEnum);
    message.nestedExtensions.forEach(addExtension);
  }
  function addEnum(desc: DescEnum): void {
    symbols.set(desc.typeName, desc.file);
    // Enum values are scoped beside their enum, not within it.
    const scope = desc.typeName.slice(0, -desc.name.length);
    for (const value of desc.values) {
      symbols.set(`${scope}${value.name}`, desc.file);
    }
  }
  function addService(service: DescService): void {
    symbols.set(service.typeName, service.file);
    for (const method of service.methods) {
      symbols.set(`${service.typeName}.${method.name}`, service.file);
    }
  }
  function addExtension(extension: DescExtension): void {
    symbols.set(extension.typeName, extension.file);
    const extendee = extension.extendee.typeName;
    const byNumber = extensions.get(extendee) ?? new Map<number, DescFile>();
    extensions.set(extendee, byNumber.set(extension.number, extension.file));
  }

  for (const root of roots) {
    addFile(root);
  }
  return {
    fileByName: (name) => files.get(name),
    fileOfSymbol: (symbol) => symbols.get(symbol),
    fileOfExtension: (extendee, number) => extensions.get(extendee)?.get(number),
    extensionNumbersOf: (extendee) =>
      messages.has(extendee) ? [...(extensions.get(extendee)?.keys() ?? [])] : undefined,
  };
}

/** The serialized descriptors of a file and of all its imports: the file itself first, each file before its imports. */
function serializeWithImports(file: DescFile): Uint8Array[] {
  const importsFirst = new Set<DescFile>();
  function add(at: DescFile): void {
    if (!importsFirst.has(at)) {
      at.dependencies.forEach(add);
      importsFirst.add(at);
    }
  }
  add(file);
  return [...importsFirst].reverse().map((at) => toBinary(FileDescriptorProtoSchema, at.proto));
}

/** Both versions of the protocol have the same messages under other type names. */
type Question = RequestV1['messageRequest'] | RequestV1Alpha['messageRequest'];

/** Describes these services, their files, all imports, and the messages of error details. */
export function createReflection(services: readonly DescService[]) {
  const index = createDescriptorIndex([...services.map((s) => s.file), file_google_rpc_error_details]);

  function answer(question: Question) {
    switch (question.case) {
      case 'listServices': {
        const names = services.map((service) => service.typeName).sort();
        return {
          case: 'listServicesResponse' as const,
          value: { service: names.map((name) => ({ name })) },
        };
      }
      case 'fileByFilename':
        return files(index.fileByName(question.value), `file ${question.value}`);
      case 'fileContainingSymbol':
        return files(index.fileOfSymbol(question.value), `symbol ${question.value}`);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = question.value;
        const file = index.fileOfExtension(containingType, extensionNumber);
        return files(file, `extension ${extensionNumber} of ${containingType}`);
      }
      case 'allExtensionNumbersOfType': {
        const extensionNumber = index.extensionNumbersOf(question.value);
        return extensionNumber
          ? {
              case: 'allExtensionNumbersResponse' as const,
              value: { baseTypeName: question.value, extensionNumber },
            }
          : failure(Code.NotFound, `type ${question.value} is not known`);
      }
      case undefined:
        return failure(Code.InvalidArgument, 'the request asks for nothing');
    }
  }

  function files(file: DescFile | undefined, name: string) {
    return file
      ? {
          case: 'fileDescriptorResponse' as const,
          value: { fileDescriptorProto: serializeWithImports(file) },
        }
      : failure(Code.NotFound, `${name} is not known`);
  }

  return {
    /** Answers until the client ends the stream, or the server drains. */
    async *serverReflectionInfo<R extends { host: string; messageRequest: Question }>(
      requests: AsyncIterable<R>,
      { signal }: Pick<HandlerContext, 'signal'>,
    ) {
      for await (const request of untilAborted(requests, signal)) {
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request.messageRequest),
        };
      }
    },
  };
}

function failure(errorCode: Code, errorMessage: string) {
  return { case: 'errorResponse' as const, value: { errorCode, errorMessage } };
}

async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const { promise: aborted, resolve } = Promise.withResolvers<{ done: true; value: undefined }>();
  signal.addEventListener('abort', () => resolve({ done: true, value: undefined }));
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted]);
    if (next.done) {
      return;
    }
    yield next.value;
  }
}
