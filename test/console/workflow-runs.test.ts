/** Runs of workflows in the console: what their webhooks send, their tries, and how they move to a new version. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { seededId } from '../../src/commands/seed-demo-account.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { WorkflowEnrollmentState, WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { HAS_CHROMIUM } from '../support/commands.ts';
import {
  accessibilityProblems,
  type ConsoleServer,
  openConsole,
  PATIENCE_MS,
  startConsole,
} from './console-page.ts';

describe.skipIf(!HAS_CHROMIUM)('runs of workflows in Chromium', { timeout: PATIENCE_MS }, () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole({
      ...{ WEBHOOK_ALLOW_HTTP: 'on', WEBHOOK_ALLOW_PRIVATE: 'on' },
      SECRETS_KEY: randomBytes(32).toString('base64'),
    });
  }, 120_000);
  afterAll(() => server?.close());

  const transport = () => createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
  const workflows = () => createClient(WorkflowService, transport());
  const once = () => ({ headers: { 'idempotency-key': uuidv7() } });

  async function book(athlete: string): Promise<void> {
    const userId = seededId(`user/${athlete}`);
    const data = { appointment_id: uuidv7(), kind: 'check-in' };
    await createClient(EventService, transport()).publishEvents({
      events: [{ id: uuidv7(), type: 'appointment_booked', userId, data }],
    });
  }

  /** A receiver that answers with the token that it was sent. */
  async function startReceiver(): Promise<{ url: string; received: IncomingHttpHeaders[] }> {
    const received: IncomingHttpHeaders[] = [];
    const receiver = createServer(({ headers }, response) => {
      received.push(headers);
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ seen: headers['x-token'] }));
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void receiver.close());
    return { received, url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` };
  }

  test('the longest name of a secret stays in its card on a narrow screen', async () => {
    const name = 's'.repeat(50);
    await workflows().setSecret({ name, value: 'x' }, once());
    onTestFinished(async () => {
      await workflows().deleteSecret({ name }, once());
    });
    const page = await openConsole(server, '/console/workflows/secrets', { width: 390 });
    const head = page.locator('.entry-head', { hasText: name });
    await head.waitFor();

    expect(await head.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  });

  test('secrets are stored, sent by a webhook, replaced and deleted, and no page shows their values', async () => {
    const { url, received } = await startReceiver();
    const page = await openConsole(server, '/console/workflows', { expectedMessage: /400/ });
    await page.getByRole('link', { name: 'Secrets' }).click();
    await page.getByText('No secret yet.').waitFor();
    await page.getByRole('button', { name: 'New secret' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('shop_token');
    await dialog.getByLabel(/^Value/).fill('the-first-value');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('is added').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.entry', { hasText: 'shop_token' }).waitFor();

    await page.getByRole('link', { name: 'Workflows' }).first().click();
    await page.getByRole('link', { name: 'New workflow' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Tell the shop');
    await page.getByLabel('Event', { exact: true }).selectOption('appointment_booked');
    await page.getByRole('button', { name: 'Add a step' }).click();
    await page.getByLabel('Kind of step 1').selectOption('Call webhook');
    await page.getByLabel('URL', { exact: true }).fill(url);
    await page.getByRole('button', { name: 'Add to headers' }).click();
    const header = page.locator('.item', { has: page.getByRole('button', { name: 'Remove headers 1' }) });
    await header.getByLabel('Name', { exact: true }).fill('x-token');
    await page.getByLabel('Add a value to Value').selectOption('secrets.shop_token');
    await page.getByLabel('Add a secret to Signing secrets').selectOption('A new secret …');
    await dialog.getByLabel('Name').fill('shop_signature');
    await dialog.getByLabel(/^Value/).fill(`whsec_${randomBytes(32).toString('base64')}`);
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByLabel('Signing secrets', { exact: true }).inputValue()).toBe('shop_signature');
    await page.getByRole('heading', { level: 1, name: 'New workflow' }).waitFor();
    await page.getByRole('button', { name: 'Save as a draft' }).click();
    await page.getByRole('button', { name: 'Activate' }).click();
    await page.locator('.heading .state', { hasText: 'Active' }).waitFor();

    await book('Demo Regular');
    await expect.poll(() => received.length, { timeout: PATIENCE_MS }).toBe(1);
    expect(received[0]?.['x-token']).toBe('the-first-value');
    expect(received[0]?.['webhook-signature']).toMatch(/^v1,/);
    await page.locator('.crumbs').getByRole('link', { name: 'Tell the shop' }).click();
    await page.locator('.entry').getByText('Completed').waitFor();
    await page.locator('.entry').getByText('Every try').click();
    await page.locator('.tries').getByText('{"seen":"[secret]"}').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);

    await page.getByRole('link', { name: 'Workflows' }).first().click();
    await page.getByRole('link', { name: 'Secrets' }).click();
    const secret = page.locator('.entry', { hasText: 'shop_token' });
    await secret.getByRole('button', { name: 'Replace' }).click();
    await dialog.getByLabel(/^Value/).fill('the-second-value');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('the old one is lost').waitFor();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.waitFor({ state: 'detached' });
    await book('Demo Comeback');
    await expect.poll(() => received.at(1)?.['x-token'], { timeout: PATIENCE_MS }).toBe('the-second-value');

    await secret.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.getByText('SECRET_IN_USE').waitFor();
    await dialog.getByText('Tell the shop').waitFor();
    expect(await page.content()).not.toMatch(/the-(first|second)-value|whsec_/);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    const { workflows: all } = await workflows().listWorkflows({ nameContains: 'Tell the shop' });
    await workflows().deleteWorkflow({ workflowId: `${all[0]?.id}` }, once());
    await secret.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await secret.waitFor({ state: 'detached' });
    expect((await workflows().listSecrets({})).secrets.map(({ name }) => name)).toEqual(['shop_signature']);
  }, 120_000);

  test('runs under way move to a new version where they have not reached what it changes', async () => {
    const { workflow } = await workflows().createWorkflow(
      {
        ...{ name: 'Tag, wait, tag', trigger: { triggerEvent: 'appointment_booked' } },
        actions: [
          { action: { case: 'addTag', value: { tag: 'booked' } } },
          { action: { case: 'wait', value: { wait: { case: 'duration', value: durationFromMs(6e8) } } } },
          { action: { case: 'addTag', value: { tag: 'reminded' } } },
        ],
      },
      once(),
    );
    const workflowId = `${workflow?.id}`;
    await workflows().activateWorkflow({ workflowId }, once());
    await book('Demo Regular');
    const runOf = async () => (await workflows().listWorkflowEnrollments({ workflowId })).enrollments[0];
    await expect.poll(async () => (await runOf())?.dueAt, { timeout: PATIENCE_MS }).toBeDefined();
    await expect.poll(async () => (await runOf())?.state).toBe(WorkflowEnrollmentState.ACTIVE);
    const page = await openConsole(server, `/console/workflows/${workflowId}/edit`);
    const tags = page.getByLabel('Tag', { exact: true });
    await tags.first().waitFor();
    expect(await page.getByLabel(/under way/).count()).toBe(0);

    await tags.nth(1).fill('called');
    await page.getByLabel('1 run is under way').check();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 run goes on with this version.').waitFor();
    const { workflow: second } = await workflows().getWorkflow({ workflowId });
    expect((await runOf())?.workflowVersion).toBe(second?.version);

    await tags.first().fill('expected');
    await page.getByLabel('1 run is under way').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('0 runs go on with this version; 1 run stays with an earlier one.').waitFor();
    expect((await runOf())?.workflowVersion).toBe(second?.version);

    await tags.first().fill('awaited');
    await page.getByLabel('1 run is under way').waitFor();
    expect(await page.getByLabel('1 run is under way').isChecked()).toBe(false);

    await page.locator('.crumbs').getByRole('link', { name: 'Tag, wait, tag' }).click();
    await page.getByRole('button', { name: `Go back to version ${second?.version}` }).click();
    await page.getByRole('dialog').getByLabel('1 run is under way').check();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('1 run goes on with this version.').waitFor();
    const { workflow: last } = await workflows().getWorkflow({ workflowId });
    expect((await runOf())?.workflowVersion).toBe(last?.version);
  });

  test('a condition on what happened before is built, with the fields of that event alone', async () => {
    const page = await openConsole(server, '/console/workflows/new');
    await page.getByLabel('Name', { exact: true }).fill('Call after the second no-show');
    await page.getByLabel('Event', { exact: true }).selectOption('appointment_no_show');
    const before = page.getByRole('group', { name: 'What happened before' });
    await before.getByRole('button', { name: 'Add to what happened before' }).click();
    await before.getByLabel('Event', { exact: true }).selectOption('appointment_no_show');
    await before.getByLabel('Within', { exact: true }).fill('30d');
    await before.getByLabel('Expected', { exact: true }).selectOption('At least');
    await before.getByLabel('At least', { exact: true }).fill('2');
    await before.getByRole('button', { name: 'Add a condition' }).click();
    const fields = before.getByLabel('Field', { exact: true });
    expect(
      (await fields.locator('option').allTextContents()).filter((each) => /^athlete\./.test(each)),
    ).toEqual([]);
    await fields.selectOption('kind');
    await before.getByLabel('Value', { exact: true }).fill('check-in');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save as a draft' }).click();
    await page.getByText('Saved.').waitFor();

    const { workflows: all } = await workflows().listWorkflows({ nameContains: 'second no-show' });
    expect(all[0]?.trigger?.filter?.history).toMatchObject([
      {
        ...{ event: 'appointment_no_show', within: '30d', expected: { case: 'atLeast', value: 2 } },
        filter: { conditions: [{ field: 'kind', operator: 'equals' }] },
      },
    ]);
  });
});
