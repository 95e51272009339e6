/**
 * For every field of every request: a wrong name next to it, and a wrong enum value in it, are refused with their
 * path.
 */
import { type DescMethod, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { checkJson } from '../../src/calls/check-json.ts';
import { METHODS, pathOf, startApiServer } from './api-server.ts';
import { type JsonAnswer, STREAM_JSON, UNARY_JSON } from './json-calls.ts';
import { type JsonPlace, placesOf, sampleOf } from './json-places.ts';

interface Fault {
  readonly json: unknown;
  /** What the violation of the fault says. */
  readonly field: string;
  readonly description: string;
}

function faultsAt({ message, path, within }: JsonPlace): Fault[] {
  const pathTo = (name: string) => (path === '' ? name : `${path}.${name}`);
  const owner = message.typeName.slice(message.file.proto.package.length + 1);
  const unknown = { json: within({ zzzzzz: [{}] }), field: pathTo('zzzzzz') };
  return [
    { ...unknown, description: `is not a field of ${owner}, which has` },
    ...message.fields.flatMap((field): Fault[] => {
      const { jsonName, name } = field;
      const misspelt = `${jsonName}Z`;
      const wrongEnum = field.fieldKind === 'list' ? ['NO_SUCH_NAME'] : 'NO_SUCH_NAME';
      const beside = {
        json: within({ [jsonName]: null, [misspelt]: null }),
        field: pathTo(misspelt),
        description: `is not a field of ${owner}; did you mean ${jsonName}?`,
      };
      const inside = {
        json: within({ [name]: wrongEnum }),
        field: field.fieldKind === 'list' ? `${pathTo(name)}[0]` : pathTo(name),
        description: 'must be ',
      };
      return field.enum ? [beside, inside] : [beside];
    }),
  ];
}

function callOf({ methodKind }: DescMethod) {
  return methodKind === 'unary'
    ? UNARY_JSON['Connect over HTTP/1.1']
    : STREAM_JSON['Connect stream with JSON'];
}

const byPath = METHODS.map((method) => [pathOf(method), method] as const);

test('the walk finds nested messages, and many fields', () => {
  const faults = METHODS.flatMap(({ input }) => placesOf(input).flatMap(faultsAt));
  const paths = faults.map(({ field }) => field);

  expect(paths).toContain('trigger.filter.groups[1].conditions[1].fieldZ');
  expect(paths).toContain('triggers[1].log_sets.sets[1].kind');
  expect(faults.length).toBeGreaterThan(1000);
});

describe('a wrong name', () => {
  test.each(byPath)('in a request of %s is refused at every path', async (path, method) => {
    const { url } = await startApiServer();
    const call = callOf(method) ?? expect.unreachable();

    for (const { json, field, description } of placesOf(method.input).flatMap(faultsAt)) {
      const answer: JsonAnswer = await call(url, path, JSON.stringify(json));
      expect(answer, field).toMatchObject({ code: 'invalid_argument', reason: 'VALIDATION_FAILED' });
      const found = answer.violations.find((each) => each.field === field);
      expect(found?.description, `${field}: ${JSON.stringify(answer.violations)}`).toContain(description);
    }
  });
});

describe('a request with every field', () => {
  test.each(byPath)('of %s is accepted unchanged, in either spelling', (_, { input }) => {
    const sample = sampleOf(input) as JsonValue;
    const message = fromJson(input, sample);

    for (const json of [
      sample,
      toJson(input, message),
      toJson(input, message, { useProtoFieldName: true, enumAsInteger: true, alwaysEmitImplicit: true }),
    ]) {
      const text = JSON.stringify(json);
      expect(checkJson(Buffer.from(text), input)).toEqual({ text, faults: undefined });
      expect(fromJson(input, JSON.parse(text))).toEqual(message);
    }
  });
});
