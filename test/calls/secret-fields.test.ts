/**
 * Secrets of messages: hidden at every path of a message, and marked in the contract when a field is named like one.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DescField,
  type DescFile,
  type DescMessage,
  fromJson,
  getOption,
  type JsonValue,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { hideSecrets, holdsSecrets } from '../../src/calls/secret-fields.ts';
import { WorkflowSchema } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { secret as secretOption } from '../../src/gen/progression/v1/access_pb.ts';
import { describeKeyring } from '../support/keyring.ts';

describe('a secret is hidden', () => {
  const { keyring } = describeKeyring();
  const hide = (json: JsonValue) => toJson(keyring, hideSecrets(keyring, fromJson(keyring, json)) as never);

  test.each<[string, JsonValue, JsonValue]>([
    ['that is a text, with word of it beside', { label: 'a', pass: 'x' }, { label: 'a', hasPass: true }],
    ['that is bytes', { bytes: 'eA==' }, {}],
    ['that is a list', { pins: ['x', 'y'] }, {}],
    ['that was chosen from a oneof', { chosen: 'x' }, {}],
    ['in a message of a oneof', { within: { pass: 'x' } }, { within: { hasPass: true } }],
    ['in a message', { one: { one: { pass: 'x' } } }, { one: { one: { hasPass: true } } }],
    ['in a list', { many: [{ label: 'a' }, { pass: 'x' }] }, { many: [{ label: 'a' }, { hasPass: true }] }],
    ['in a map', { byName: { a: { pass: 'x' } } }, { byName: { a: { hasPass: true } } }],
  ])('%s', (_, before, after) => {
    expect(hide(before)).toEqual(after);
  });

  test('a second time without another change', () => {
    expect(hide({ hasPass: true })).toEqual({ hasPass: true });
    expect(hide({ label: 'a' })).toEqual({ label: 'a' });
  });

  test('in the messages of the contract', () => {
    const callWebhook = { url: 'https://example.org', secret: 'whsec_x' };
    const workflow = fromJson(WorkflowSchema, { name: 'a', actions: [{ callWebhook }] });
    expect(toJson(WorkflowSchema, hideSecrets(WorkflowSchema, workflow))).toEqual({
      name: 'a',
      actions: [{ callWebhook: { url: 'https://example.org', hasSecret: true } }],
    });
  });
});

/** Every file that the service's own packages are generated from. */
async function loadContract(): Promise<DescFile[]> {
  const gen = join(import.meta.dirname, '..', '..', 'src', 'gen');
  const paths = readdirSync(gen, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^(progression|automation)\/.*_pb\.ts$/.test(path),
  );
  const modules = await Promise.all(paths.map((path) => import(join(gen, path)) as Promise<object>));
  return modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) => (name.startsWith('file_') ? [value as DescFile] : [])),
  );
}

function messagesOf(holder: { readonly messages: readonly DescMessage[] } | DescMessage): DescMessage[] {
  const messages = 'messages' in holder ? holder.messages : holder.nestedMessages;
  return messages.flatMap((message) => [message, ...messagesOf(message)]);
}

const MESSAGES = (await loadContract()).flatMap(messagesOf);
const FIELDS: DescField[] = MESSAGES.flatMap((message) => message.fields);
const nameOf = (field: DescField) => `${field.parent.typeName}.${field.name}`;
const isSecret = (field: DescField) => getOption(field, secretOption);

/** Names of credentials, and similar names. */
const SUSPICIOUS =
  /secret|token|passw|passphrase|passcode|credential|(^|_)(api_?|private_?)?keys?($|_)|signature|bearer|(^|_)(pin|otp|salt)($|_)/;

/** Reviewed: fields that only look like a secret. A new name is added here with its reason, or gets the option. */
const NO_SECRETS: readonly (readonly [field: RegExp, reason: string])[] = [
  [/\.(next_)?page_token$/, 'a position in a list of the caller’s own account; checked, and no credential'],
  [/WatchEvents(Request|Response)\.resume_token$/, 'a position in the log of the caller’s own account'],
  [/\.confirmation_token$/, 'what a backfill was shown to do; no credential, see confirmation-token.ts'],
  [/WorkflowReference\.(token|key)$/, 'what a workflow file refers to by name'],
  [/CallWebhookAction\.has_secret$/, 'whether there is a secret'],
  [/CallWebhookAction\.signing_secrets$/, 'names of secrets'],
  [/(SetSecretResponse\.secret|ListSecretsResponse\.secrets)$/, 'secrets without their values'],
];
const isReviewed = (field: DescField) => NO_SECRETS.some(([name]) => name.test(nameOf(field)));

describe('the contract', () => {
  test('is loaded completely', () => {
    expect(FIELDS.length).toBeGreaterThan(500);
    expect(FIELDS.map(nameOf)).toContain('automation.v1.CallWebhookAction.secret');
  });

  test('marks every field that is named like a secret, except the reviewed ones', () => {
    const suspicious = FIELDS.filter(({ name }) => SUSPICIOUS.test(name));
    expect(suspicious.filter((field) => !isSecret(field) && !isReviewed(field)).map(nameOf)).toEqual([]);
  });

  test('has a field for each reviewed name, and none of them is a secret', () => {
    for (const [name] of NO_SECRETS) {
      const named = FIELDS.filter((field) => name.test(nameOf(field)));
      expect(named.length, String(name)).toBeGreaterThan(0);
      expect(named.filter(isSecret).map(nameOf)).toEqual([]);
    }
  });

  test('has a field beside each secret that says whether there is one', () => {
    const secrets = FIELDS.filter(isSecret);
    const [inAction, inRequest] = [
      'automation.v1.CallWebhookAction.secret',
      'automation.v1.SetSecretRequest.value',
    ];
    expect(secrets.map(nameOf).toSorted()).toEqual([inAction, inRequest]);
    for (const field of secrets.filter((each) => nameOf(each) !== inRequest)) {
      const flag = field.parent.fields.find(({ name }) => name === `has_${field.name}`);
      expect(flag?.scalar, nameOf(field)).toBe(ScalarType.BOOL);
    }
  });

  test('packs no message into a field where its secrets would not be found', () => {
    const packed = FIELDS.filter(({ message }) => message?.typeName === 'google.protobuf.Any');
    expect(packed.map(nameOf)).toEqual([]);
  });

  test('has secrets in messages with workflows, and in no others', () => {
    const holders = MESSAGES.filter(holdsSecrets).map(({ typeName }) => typeName);
    expect(holders).toContain('automation.v1.ListWorkflowsResponse');
    expect(holders.filter((name) => name.startsWith('progression.'))).toEqual([]);
  });
});
