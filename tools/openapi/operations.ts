/** The operations of OpenAPI: POST for every method, and GET for those that only read. */
import type { DescMethod } from '@bufbuild/protobuf';
import { type Contract, commentOf, isRead } from './contract.ts';
import { reasonsByStatus } from './error-schemas.ts';
import { type JsonSchema, reference } from './field-schemas.ts';

const parameter = (name: string) => ({ $ref: `#/components/parameters/${name}` });
const json = (typeName: string) => ({ 'application/json': { schema: { $ref: reference(typeName) } } });

export const PARAMETERS = {
  RequestId: {
    name: 'idempotency-key',
    in: 'header',
    description:
      'The request ID, with or without double quotes: a repeated call with it is applied once and gets the stored answer. ' +
      'Every writing call needs one, but not a batch, whose events have their own, and not one with `validateOnly`.',
    schema: { type: 'string', examples: ['0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12'] },
  },
  AccountId: {
    name: 'x-account-id',
    in: 'header',
    description:
      'The account. With a credential it may be left out; without one it is then the demo account.',
    schema: { type: 'string', format: 'uuid' },
  },
  Encoding: { name: 'encoding', in: 'query', required: true, schema: { const: 'json' } },
} as const;

/** The item of a path: its operations by their HTTP methods. */
export function pathItemOf(contract: Contract, method: DescMethod): JsonSchema {
  const post = {
    ...describe(contract, method, ''),
    parameters: [...(isRead(method) ? [] : [parameter('RequestId')]), parameter('AccountId')],
    requestBody: { required: true, content: json(method.input.typeName) },
    responses: responsesOf(method),
  };
  if (!isRead(method)) {
    return { post };
  }
  const message = {
    name: 'message',
    in: 'query',
    required: true,
    description: 'The request as JSON.',
    content: json(method.input.typeName),
  };
  const get = {
    ...describe(contract, method, '_get'),
    parameters: [parameter('Encoding'), message, parameter('AccountId')],
    responses: responsesOf(method),
  };
  return { get, post };
}

function describe(contract: Contract, method: DescMethod, suffix: string): JsonSchema {
  return {
    operationId: `${method.parent.name}_${method.name}${suffix}`,
    tags: [method.parent.typeName],
    summary: wordsOf(method.name),
    description: `${commentOf(method)}\n\nNeeds ${contract.permissionOf(method)}.`.trim(),
    ...(method.deprecated && { deprecated: true }),
  };
}

function wordsOf(name: string): string {
  const words = name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The reasons that the method's, the request's and its fields' comments name, and every other error. */
function responsesOf(method: DescMethod): JsonSchema {
  const described = [method, method.input, ...method.input.fields].map((desc) => commentOf(desc));
  const errors = [...reasonsByStatus(described.join('\n'))].map(([status, reasons]) => [
    `${status}`,
    { description: reasons.map((reason) => `\`${reason}\``).join(', '), content: json('Error') },
  ]);
  return {
    '200': { description: 'The answer.', content: json(method.output.typeName) },
    ...Object.fromEntries(errors),
    default: { $ref: '#/components/responses/Failed' },
  };
}
