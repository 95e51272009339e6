/** Secrets of accounts: kept encrypted, used by webhooks, rotated, and never shown. */
import { createHmac, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { createResealer } from '../../../src/automation/secrets/read-secrets.ts';
import { openSecret, sealSecret } from '../../../src/automation/secrets/seal.ts';
import { readConfig } from '../../../src/config/config.ts';
import { readSecretKeys, type SecretKeys } from '../../../src/config/secret-keys.ts';
import { readRows } from '../../store/schema-dump.ts';
import { type AutomationClient, createAutomationClient, createWorkflow } from '../../support/automation.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { dumpTables } from '../../support/table-dump.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTestRunner, insertRun, readRun } from '../actions/runs.ts';
import { createTestClock } from '../actions/test-clock.ts';
import { startReceiver, type WebhookReceiver } from '../actions/webhook-receiver.ts';

const db = useTestDatabase();
const receivers: WebhookReceiver[] = [];
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

const newKey = () => randomBytes(32).toString('base64');
const OLD = newKey();
const NEW = newKey();
const BEFORE = { SECRETS_KEY: OLD };
const ROTATING = { SECRETS_KEY: NEW, SECRETS_PREVIOUS_KEY: OLD };
const AFTER = { SECRETS_KEY: NEW };

const keyOf = (letter: string) => Buffer.alloc(24, letter);
const signing = (letter: string) => `whsec_${keyOf(letter).toString('base64')}`;
const signed = (...signingSecrets: string[]) =>
  ({ action: { case: 'callWebhook', value: { url: 'https://example.org/hook', signingSecrets } } }) as const;

function clientOf(environment: NodeJS.ProcessEnv = BEFORE, accountId?: string): AutomationClient {
  return createAutomationClient(db.database, { environment, ...(accountId ? { accountId } : {}) });
}

describe('a secret', () => {
  test('is listed by name without its value, which is only in the ciphertext', async () => {
    const { workflows, audit } = clientOf();
    const set = await workflows.setSecret({ name: 'slack_token', value: 'kanarie-xoxb-1' });
    await workflows.setSecret({ name: 'slack_token', value: 'kanarie-xoxb-2' });
    await workflows.setSecret({ name: 'hook_key', value: signing('a') });
    const listed = await workflows.listSecrets({});
    const entries = await audit.listAuditEntries({});

    expect(listed.secrets.map(({ name }) => name)).toEqual(['hook_key', 'slack_token']);
    expect(entries.entries.map(({ action }) => action)).toEqual(['SetSecret', 'SetSecret', 'SetSecret']);
    const shown = JSON.stringify([set, listed, entries], (_, value) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    const stored = JSON.stringify(await dumpTables(db.database));
    const asHex = Buffer.from('kanarie').toString('hex');
    expect(`${shown}${stored}`).not.toMatch(new RegExp(`kanarie|whsec|${asHex}`));
  });

  test('is of its account alone', async () => {
    const [mine, theirs] = [clientOf(), clientOf()];
    await mine.workflows.setSecret({ name: 'mine', value: 'x' });

    expect((await theirs.workflows.listSecrets({})).secrets).toEqual([]);
    await expect(theirs.workflows.deleteSecret({ name: 'mine' })).rejects.toThrow('no secret mine');
  });

  test('is not deleted while a workflow names it', async () => {
    const client = clientOf();
    await client.workflows.setSecret({ name: 'hook_key', value: signing('a') });
    const workflow = await createWorkflow(client, { actions: [signed('hook_key')] });

    await expect(client.workflows.deleteSecret({ name: 'hook_key' })).rejects.toThrow(
      `workflows send the secret hook_key: ${workflow.name}`,
    );
    await client.workflows.deleteWorkflow({ workflowId: workflow.id });
    await client.workflows.deleteSecret({ name: 'hook_key' });

    expect((await client.workflows.listSecrets({})).secrets).toEqual([]);
  });

  test.each([
    [
      'a name that is none',
      { name: 'My-Token', value: 'x' },
      /^\[invalid_argument\].*name: must be a lower-case/,
    ],
    ['no value', { name: 'x', value: '' }, /value: must have 1 to 4,096 characters/],
    ['a value that is too long', { name: 'x', value: 'x'.repeat(4_097) }, /value: must have 1 to 4,096/],
  ])('is refused with %s', async (_, request, message) => {
    const { workflows } = clientOf();

    await expect(workflows.setSecret(request)).rejects.toThrow(message);
    expect((await workflows.listSecrets({})).secrets).toEqual([]);
  });

  test('is refused when the account has as many as it may', async () => {
    const { workflows } = createAutomationClient(db.database, {
      environment: BEFORE,
      limits: { secrets: 1 },
    });
    await workflows.setSecret({ name: 'first', value: 'x' });

    await expect(workflows.setSecret({ name: 'second', value: 'x' })).rejects.toThrow('at most 1 secrets');
    await workflows.setSecret({ name: 'first', value: 'y' });
  });
});

test('a server without a key says so when a secret is set, and where a workflow names one', async () => {
  const { workflows } = clientOf({});

  await expect(workflows.setSecret({ name: 'x', value: 'x' })).rejects.toThrow(
    /^\[failed_precondition\] the server has no key for secrets/,
  );
  await expect(workflows.createWorkflow({ name: 'w', actions: [signed('x')] })).rejects.toThrow(
    /actions\[0\]\.call_webhook\.signing_secrets\[0\]: must be empty: the server has no key/,
  );
});

describe('a workflow is refused', () => {
  test.each([
    ['with a secret that does not exist', signed('other'), 'must be the name of a secret of the account'],
    ['with a secret that cannot sign', signed('token'), 'must name a secret that must be whsec_'],
  ])('%s', async (_, action, message) => {
    const { workflows } = clientOf();
    await workflows.setSecret({ name: 'token', value: 'no-signing-key' });

    await expect(workflows.createWorkflow({ name: 'w', actions: [action] })).rejects.toThrow(message);
  });
});

/** Runs a workflow with one webhook that these secrets sign. */
async function send(environment: NodeJS.ProcessEnv, accountId: string, userId: string, names: string[]) {
  const receiver = await startReceiver();
  receivers.push(receiver);
  const clock = createTestClock();
  const value = { url: receiver.url, signingSecrets: names };
  const made = await insertRun(db.database, {
    ...{ accountId, userId, now: clock.now },
    actions: [{ case: 'callWebhook', value }],
  });
  await createTestRunner(db.database, { ...clock, environment }).runAll();
  return { run: await readRun(db.database, made), webhook: receiver.received[0] };
}

describe('a webhook', () => {
  test('is signed with the old and the new secret while they are rotated', async () => {
    const { accountId, userId } = await createAthlete(db.database, { lifts: {}, enrolled: false });
    const { workflows } = clientOf(BEFORE, accountId);
    await workflows.setSecret({ name: 'hook_old', value: signing('a') });
    await workflows.setSecret({ name: 'hook_new', value: signing('b') });

    const { run, webhook } = await send(BEFORE, accountId, userId, ['hook_old', 'hook_new']);

    expect(run.state).toBe('COMPLETED');
    const { headers, body } = webhook ?? expect.unreachable();
    const expected = ['a', 'b'].map((letter) => {
      const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
      return `v1,${createHmac('sha256', keyOf(letter)).update(text).digest('base64')}`;
    });
    expect(headers['webhook-signature']).toBe(expected.join(' '));
  });

  test('is not sent without a secret that it names', async () => {
    const { accountId, userId } = await createAthlete(db.database, { lifts: {}, enrolled: false });

    const { run, webhook } = await send(BEFORE, accountId, userId, ['gone']);

    expect(run).toMatchObject({ state: 'FAILED', endedReason: 'SECRET_MISSING' });
    expect(webhook).toBeUndefined();
  });
});

test('a rotation of keys encrypts every secret anew, and the old key can go', async () => {
  const { accountId, userId } = await createAthlete(db.database, { lifts: {}, enrolled: false });
  await clientOf(BEFORE, accountId).workflows.setSecret({ name: 'hook_key', value: signing('a') });
  const keyIds = () =>
    readRows<{ key_id: string }>(
      db.database,
      sql`select key_id from secrets where account_id = ${accountId}`,
    );
  const keys = readConfig(ROTATING).secretKeys ?? expect.unreachable();

  expect((await send(AFTER, accountId, userId, ['hook_key'])).run.endedReason).toBe('SECRET_MISSING');
  expect((await send(ROTATING, accountId, userId, ['hook_key'])).run.state).toBe('COMPLETED');
  await createResealer(db.database, keys).runOnce();

  expect(await keyIds()).toEqual([{ key_id: keys.current.id }]);
  expect((await send(AFTER, accountId, userId, ['hook_key'])).run.state).toBe('COMPLETED');
});

test('a ciphertext opens at its place only, and not when a byte is changed', () => {
  const keys = readSecretKeys(BEFORE) as SecretKeys;
  const place = { accountId: '0190e4c5-0000-7000-8000-000000000001', name: 'token' };
  const { keyId, sealed } = sealSecret(keys, place, 'Żółty 🗝');
  const changed = Uint8Array.from(sealed, (byte, index) => (index === sealed.length - 1 ? byte ^ 1 : byte));

  expect(openSecret(keys, place, { keyId, sealed })).toBe('Żółty 🗝');
  expect(openSecret(keys, { ...place, name: 'other' }, { keyId, sealed })).toBeUndefined();
  expect(openSecret(keys, { ...place, accountId: '0190e4c5' }, { keyId, sealed })).toBeUndefined();
  expect(openSecret(keys, place, { keyId, sealed: changed })).toBeUndefined();
  expect(openSecret(keys, place, { keyId, sealed: sealed.subarray(0, 20) })).toBeUndefined();
  expect(sealSecret(keys, place, 'Żółty 🗝').sealed).not.toEqual(sealed);
});

describe('the keys', () => {
  test.each([
    ['not 32 bytes', { SECRETS_KEY: 'kanarie=' }, /^SECRETS_KEY must have 32 bytes in base64/],
    ['not base64', { SECRETS_KEY: `${OLD}!` }, /^SECRETS_KEY must have 32 bytes/],
    ['in a missing file', { SECRETS_KEY_FILE: '/nowhere/key' }, /^SECRETS_KEY_FILE cannot be read/],
    ['given twice', { SECRETS_KEY: OLD, SECRETS_KEY_FILE: '/nowhere' }, /exclude each other/],
    ['only the previous one', { SECRETS_PREVIOUS_KEY: OLD }, /goes with the SECRETS_KEY/],
    ['misspelt', { SECRET_KEY: OLD }, /did you mean SECRETS_KEY\?/],
  ])('are refused when they are %s, without being shown', (_, environment, message) => {
    const read = () => readConfig(environment);

    expect(read).toThrow(message);
    expect(read).not.toThrow(/kanarie/);
  });

  test('are not in the printed configuration', () => {
    expect(JSON.stringify(readConfig(ROTATING))).not.toMatch(OLD.slice(0, 20));
  });
});
