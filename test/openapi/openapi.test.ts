/** The OpenAPI document and the Postman collection: fresh, valid, complete, and true of what the service takes. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DescMethod, JsonValue } from '@bufbuild/protobuf';
import { fromJson } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/errors/error-table.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { loadOpenApi } from '../../src/server/openapi.ts';
import { startTestServer } from '../server/test-server.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const GENERATED = join(ROOT, 'src', 'gen');
const GENERATE_MS = 120_000;
const ID = '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12';

const SERVICES = [
  ...[AuditService, ProgramService, ProgressionService, UserService],
  ...[EventService, TriggerService, WorkflowService],
];
const METHODS: DescMethod[] = SERVICES.flatMap(({ methods }) =>
  methods.filter(({ methodKind }) => methodKind === 'unary'),
);
const pathOf = ({ parent, name }: DescMethod) => `/${parent.typeName}/${name}`;

const readGenerated = (name: string) => readFileSync(join(GENERATED, name), 'utf8');
const openapi = JSON.parse(readGenerated('openapi.json'));
const collection = JSON.parse(readGenerated('postman_collection.json'));

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'openapi', components: openapi.components });
const rules = createValidator();

/** What the schema of a message says against a value. */
function faultsOf(typeName: string, value: unknown) {
  const validate = ajv.getSchema(`openapi#/components/schemas/${typeName}`) ?? expect.unreachable(typeName);
  return validate(value) ? [] : (validate.errors ?? []);
}

describe('the OpenAPI document', () => {
  test(
    'is what `npm run generate` writes: run it and commit the result',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'progression-openapi-'));
      try {
        const plugin = {
          local: ['node', 'tools/openapi/plugin.ts'],
          out: directory,
          strategy: 'all',
          opt: 'target=ts',
        };
        const template = JSON.stringify({ version: 'v2', plugins: [plugin] });
        await run('buf', ['generate', '--template', template], { cwd: ROOT });
        for (const name of ['openapi.json', 'postman_collection.json']) {
          const isFresh = readFileSync(join(directory, name), 'utf8') === readGenerated(name);
          expect(isFresh, `src/gen/${name} is stale: run npm run generate and commit the result`).toBe(true);
        }
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    GENERATE_MS,
  );

  test('is valid by the schema of OpenAPI 3.1', async () => {
    const { stdout } = await run('validate-api', [join(GENERATED, 'openapi.json')], { cwd: ROOT });
    expect(openapi.openapi).toMatch(/^3\.1\./);
    expect(JSON.parse(stdout)).toEqual({ valid: true });
  });

  test('refers to nothing that it does not have', () => {
    const text = JSON.stringify(openapi);
    const targets = new Set(
      [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)].map(
        ([, kind, name]) => `${kind} ${name}`,
      ),
    );
    const known = Object.entries(openapi.components).flatMap(([kind, parts]) =>
      Object.keys(parts as object).map((name) => `${kind} ${name}`),
    );
    expect(targets.size).toBeGreaterThan(200);
    expect([...targets].filter((target) => !known.includes(target))).toEqual([]);
  });

  test('describes every method with one request and one answer, reads by GET too', () => {
    expect(Object.keys(openapi.paths).toSorted()).toEqual(METHODS.map(pathOf).toSorted());
    for (const method of METHODS) {
      const verbs = method.idempotency === 1 ? ['get', 'post'] : ['post'];
      expect(Object.keys(openapi.paths[pathOf(method)]), pathOf(method)).toEqual(verbs);
    }
  });

  test('has every reason, and those of a method by their HTTP status', () => {
    expect(openapi.components.schemas.ErrorReason.enum).toEqual(Object.keys(ERROR_TABLE));
    const { responses } = openapi.paths['/automation.v1.TriggerService/ConfigureTrigger'].post;
    expect(responses['409'].description).toContain('`TRIGGER_EXISTS`');
  });

  test('takes the requests that the service takes, and refuses those that break a rule', () => {
    const session = { sessionId: ID, daySlug: 'a', weekNumber: 1, liftsPerformed: [ID] };
    const type = 'progression.v1.HandleSessionCompleteRequest';
    const pathsOf = (value: unknown) => faultsOf(type, value).map(({ instancePath }) => instancePath);
    expect(pathsOf({ userId: ID, session })).toEqual([]);
    expect(pathsOf({ userId: ID, session: { ...session, weekNumber: 0 } })).toEqual(['/session/weekNumber']);
    expect(pathsOf({ userId: ID, session, validateonly: true })).toEqual(['']);
    expect(pathsOf({ userId: ID })).toEqual(['']);
  });

  test('is served to clients of any origin', async () => {
    const { url } = await startTestServer({ pages: await loadOpenApi() });
    const answer = await fetch(`${url}/openapi.json`);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await answer.json()).toEqual(openapi);
  });
});

describe('the Postman collection', () => {
  interface Item {
    readonly name: string;
    readonly request: { readonly url: { readonly path: string[] }; readonly body: { readonly raw: string } };
  }
  const items: Item[] = collection.item.flatMap(({ item }: { item: Item[] }) => item);
  const keys = new Set(collection.variable.map(({ key }: { key: string }) => key));

  test('has a request for every method', () => {
    const paths = items.map(({ request }) => `/${request.url.path.join('/')}`);
    expect(paths.toSorted()).toEqual(METHODS.map(pathOf).toSorted());
  });

  test.each(METHODS.map((method) => [pathOf(method), method] as const))(
    'has a body that keeps the rules of %s',
    (path, { input }) => {
      const item = items.find(({ request }) => `/${request.url.path.join('/')}` === path);
      const text = `${item?.request.body.raw}`;
      const used = [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
      expect(used.filter((name) => !keys.has(name))).toEqual([]);
      const body = JSON.parse(text.replace(/\{\{\w+\}\}/g, ID)) as JsonValue;
      expect(faultsOf(input.typeName, body)).toEqual([]);
      const result = rules.validate(input, fromJson(input, body));
      expect(result.violations?.map(({ message }) => message) ?? []).toEqual([]);
      expect(result.kind).toBe('valid');
    },
  );
});
