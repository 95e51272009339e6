/** A Postman collection of the JSON face, which Bruno and Insomnia import too. */
import { type DescField, type DescMessage, type DescMethod, ScalarType } from '@bufbuild/protobuf';
import { type Contract, commentOf, isRead, unaryMethodsOf } from './contract.ts';
import { isRequired, type JsonSchema } from './field-schemas.ts';

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/** Messages nest, but no example goes deeper. */
const DEEPEST_EXAMPLE = 4;

export function createCollection(contract: Contract, version: string): JsonSchema {
  const ids = new Set<string>();
  const item = contract.services.map((service) => ({
    name: service.typeName,
    description: commentOf(service),
    item: unaryMethodsOf(service).map((method) => itemOf(contract, method, ids)),
  }));
  const variable = [
    { key: 'baseUrl', value: 'http://localhost:8080' },
    { key: 'token', value: '' },
    { key: 'accountId', value: '' },
    ...[...ids].toSorted().map((key) => ({ key, value: '' })),
  ];
  return {
    info: {
      name: `Progression service ${version}`,
      description:
        'Set the variables: the address, the token where the server requires one, and the IDs that requests name.',
      schema: SCHEMA,
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    variable,
    item,
  };
}

function itemOf(contract: Contract, method: DescMethod, ids: Set<string>): JsonSchema {
  const path = [method.parent.typeName, method.name];
  const header = [
    { key: 'content-type', value: 'application/json' },
    { key: 'x-account-id', value: '{{accountId}}', disabled: true },
    // Postman makes a new one for each send; a retry must keep it, so set it by hand to try that.
    ...(isRead(method) ? [] : [{ key: 'idempotency-key', value: '{{$guid}}' }]),
  ];
  const example = exampleOf(contract, method.input, ids, 0);
  return {
    name: method.name,
    request: {
      method: 'POST',
      description: commentOf(method),
      header,
      url: { raw: `{{baseUrl}}/${path.join('/')}`, host: ['{{baseUrl}}'], path },
      body: { mode: 'raw', raw: JSON.stringify(example, null, 2), options: { raw: { language: 'json' } } },
    },
  };
}

/** The fields that must be there, and the first of each required choice. IDs are variables, collected in `ids`. */
function exampleOf(contract: Contract, message: DescMessage, ids: Set<string>, depth: number): JsonSchema {
  const chosen = contract.choicesOf(message).flatMap(({ fields, isRequired: isOneNeeded }) => {
    return isOneNeeded ? fields.slice(0, 1) : [];
  });
  const needed = message.fields.filter(
    (field) => chosen.includes(field) || isRequired(field, contract.rulesOf(field)),
  );
  return Object.fromEntries(
    needed.map((field) => {
      const value = exampleValue(contract, field, ids, depth);
      return [field.jsonName, field.fieldKind === 'list' ? [value] : value];
    }),
  );
}

function exampleValue(contract: Contract, field: DescField, ids: Set<string>, depth: number): unknown {
  const rules = contract.rulesOf(field);
  const { string, int32, int64, enum: values } = rules.repeated?.items ?? rules;
  if (field.message) {
    const wellKnown: Readonly<Record<string, unknown>> = {
      'google.protobuf.Timestamp': '2026-11-30T18:00:00Z',
      'google.protobuf.Duration': '3600s',
      'google.protobuf.Value': 1,
    };
    const example = wellKnown[field.message.typeName];
    return example ?? (depth < DEEPEST_EXAMPLE ? exampleOf(contract, field.message, ids, depth + 1) : {});
  }
  if (field.enum) {
    const number = values?.in?.[0] ?? field.enum.values.find(({ number }) => number > 0)?.number ?? 0;
    return field.enum.value[number]?.name;
  }
  if (string?.uuid) {
    const name = field.fieldKind === 'list' ? field.jsonName.replace(/s$/, '') : field.jsonName;
    ids.add(name);
    return `{{${name}}}`;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return exampleText(field, string?.pattern);
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return '';
    default:
      return Math.max(1, Number((int32 ?? int64)?.gte ?? 1));
  }
}

function exampleText(field: DescField, pattern: string | undefined): string {
  const samples = ['bench-press', '100', '1992-02-29', '8.5', ''];
  const allowed = samples.find((sample) => pattern && new RegExp(pattern, 'u').test(sample));
  return allowed ?? field.jsonName;
}
