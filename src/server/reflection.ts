/** grpc.reflection v1 and v1alpha: describes the services to clients that lack the .proto files. */
import type { DescFile, DescService } from '@bufbuild/protobuf';
import { Code, type HandlerContext } from '@connectrpc/connect';
import { file_google_rpc_error_details } from '../gen/google/rpc/error_details_pb.ts';
import type { ServerReflectionRequest as RequestV1 } from '../gen/grpc/reflection/v1/reflection_pb.ts';
import type { ServerReflectionRequest as RequestV1Alpha } from '../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { createDescriptorIndex, serializeWithImports } from './descriptor-index.ts';

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
