/** The OpenAPI document of the JSON face. */
import { reachFrom, schemaOfEnum, schemaOfMessage } from './component-schemas.ts';
import { type Contract, commentOf, unaryMethodsOf } from './contract.ts';
import { ERROR_DETAILS, ERROR_SCHEMAS } from './error-schemas.ts';
import { type JsonSchema, reference } from './field-schemas.ts';
import { PARAMETERS, pathItemOf } from './operations.ts';

const DESCRIPTION = `Every method with one request and one answer takes JSON over HTTP, 1.1 or 2. JSON is read strictly: a
name or a value that the contract does not have is refused. Reads answer GET as well. Streams, such as
\`automation.v1.EventService/WatchEvents\`, need a client for Connect, gRPC or gRPC-Web and are not described here.

Generated from the \`.proto\` files, with their comments and rules.`;

export function createDocument(contract: Contract, version: string): JsonSchema {
  const methods = contract.services.flatMap(unaryMethodsOf);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Progression service',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    tags: contract.services.map((service) => ({ name: service.typeName, description: commentOf(service) })),
    paths: Object.fromEntries(
      methods.map((method) => [`/${method.parent.typeName}/${method.name}`, pathItemOf(contract, method)]),
    ),
    components: {
      schemas: schemasOf(contract),
      parameters: PARAMETERS,
      responses: {
        Failed: {
          description: 'The call failed; `google.rpc.ErrorInfo` among the details has the reason.',
          headers: { 'x-request-id': { description: "The call's ID.", schema: { type: 'string' } } },
          content: { 'application/json': { schema: { $ref: reference('Error') } } },
        },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Where the server requires credentials.' },
      },
    },
  };
}

function schemasOf(contract: Contract): Record<string, JsonSchema> {
  const methods = contract.services.flatMap(unaryMethodsOf);
  const received = reachFrom([
    ...methods.map(({ output }) => output),
    ...ERROR_DETAILS.map((typeName) => contract.getMessage(typeName)),
  ]);
  const sent = reachFrom(methods.map(({ input }) => input));
  const messages = [...new Set([...sent.messages, ...received.messages])].map((message) => [
    message.typeName,
    schemaOfMessage(contract, message, !received.messages.has(message)),
  ]);
  const enums = [...new Set([...sent.enums, ...received.enums])].map((desc) => [
    desc.typeName,
    schemaOfEnum(desc),
  ]);
  const schemas: Record<string, JsonSchema> = {
    ...ERROR_SCHEMAS,
    ...Object.fromEntries([...messages, ...enums]),
  };
  return Object.fromEntries(Object.entries(schemas).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
