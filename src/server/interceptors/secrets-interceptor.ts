/** Hides the secrets in every answer, also when a method has put them into it. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { hideSecrets, holdsSecrets } from '../../calls/secret-fields.ts';

/** Must be outside of everything that makes an answer. */
export function createSecretsInterceptor(): Interceptor {
  return (next) => async (request) => {
    const response = await next(request);
    const { output } = response.method;
    if (response.stream) {
      return holdsSecrets(output) ? { ...response, message: hideInEach(output, response.message) } : response;
    }
    hideSecrets(output, response.message);
    return response;
  };
}

async function* hideInEach<D extends DescMessage>(
  schema: D,
  messages: AsyncIterable<MessageShape<D>>,
): AsyncGenerator<MessageShape<D>> {
  for await (const message of messages) {
    yield hideSecrets(schema, message);
  }
}
