/** Workflows that people make, change and watch in the console. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import type { Page } from 'playwright-core';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { seededId } from '../../src/commands/seed-demo-account.ts';
import { WebhookMethod } from '../../src/gen/automation/v1/action_pb.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { HAS_CHROMIUM } from '../support/commands.ts';
import {
  accessibilityProblems,
  type ConsoleServer,
  openConsole,
  PATIENCE_MS,
  startConsole,
} from './console-page.ts';

describe.skipIf(!HAS_CHROMIUM)('the builder of workflows in Chromium', { timeout: PATIENCE_MS }, () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole({ WEBHOOK_ALLOW_HTTP: 'on', WEBHOOK_ALLOW_PRIVATE: 'on' });
  }, 120_000);
  afterAll(() => server?.close());

  const transport = () => createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });

  /** Moves the focus on with Tab until it is on the element with this label. */
  async function tabTo(page: Page, label: string): Promise<void> {
    const target = page
      .getByLabel(label, { exact: true })
      .or(page.getByRole('button', { name: label, exact: true }));
    await target.first().waitFor();
    const isFocused = () => target.evaluateAll((found) => found.some((each) => each.matches(':focus')));
    for (let presses = 0; presses < 60 && !(await isFocused()); presses += 1) {
      await page.keyboard.press('Tab');
    }
    expect(await isFocused(), label).toBe(true);
  }

  test('the workflow of the first steps is built by mouse and keyboard, and enrolls the athlete of an event', async () => {
    const page = await openConsole(server, '/console/workflows');
    const users = createClient(UserService, transport());
    const { user } = await users.createUser(
      { name: 'Sample Athlete', tags: ['paying'] },
      { headers: { 'idempotency-key': uuidv7() } },
    );
    await page.getByRole('link', { name: 'New workflow' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Thank those who pay');
    await page.getByLabel('Event', { exact: true }).selectOption('payment_received');

    // From here on by keyboard alone.
    await tabTo(page, 'Add a condition');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    for (const _ of ['Remove', 'When absent', 'Operator']) {
      await page.keyboard.press('Shift+Tab');
    }
    await page.keyboard.type('amount');
    await tabTo(page, 'Operator');
    await page.keyboard.type('greater than');
    await tabTo(page, 'Value');
    await page.keyboard.type('10');
    await tabTo(page, 'Add a step');
    await page.keyboard.press('Enter');
    await page.keyboard.type('Add tag');
    await tabTo(page, 'Tag');
    await page.keyboard.type('thanked');

    await page.getByRole('button', { name: 'Add a condition' }).click();
    const second = page.locator('.condition').nth(1);
    await second.getByLabel('Field', { exact: true }).selectOption('athlete.tags');
    await second.getByLabel('Operator', { exact: true }).selectOption('contains');
    await second.getByLabel('Value', { exact: true }).fill('paying');
    await second.getByLabel('When absent').selectOption('not met');
    await page.getByText('How often, how many, in which hours').click();
    await page.getByLabel('Policy', { exact: true }).selectOption('Multiple');
    await page.getByLabel('Cooldown', { exact: true }).fill('30');
    await page.getByText('1 athlete', { exact: true }).waitFor();
    await page.getByText('if the event meets its conditions').waitFor();
    await page.getByRole('button', { name: 'Save as a draft' }).click();
    await page.getByRole('heading', { level: 1, name: 'Change “Thank those who pay”' }).waitFor();

    await page.getByLabel('Find an athlete').fill('Sample');
    await page
      .getByLabel('Athlete', { exact: true })
      .locator('option', { hasText: 'Sample Athlete' })
      .waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText('Would enroll').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Activate' }).click();
    await page.locator('.heading .state', { hasText: 'Active' }).waitFor();

    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    const data = { amount: '49.90', currency: 'EUR' };
    await createClient(EventService, transport()).publishEvents({
      events: [{ id: uuidv7(), type: 'payment.received', userId: user?.id ?? '', data }],
    });
    const entry = page.locator('.entry', { hasText: 'Payment received' }).first();
    await entry.locator('summary').click();
    await entry.locator('.verdict', { hasText: 'Thank those who pay' }).getByText('Enrolled').waitFor();
    expect(await entry.locator('.conditions li').allTextContents()).toEqual([
      'amount greater_than 10 met: 49.90',
      'athlete.tags contains paying met: ["paying"]',
    ]);
  }, 120_000);

  test('a workflow is exported as a file, and imported with what the account lacks chosen by hand', async () => {
    const page = await openConsole(server, '/console/workflows');
    await page.getByRole('link', { name: 'Next program at a squat of 90 kg' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('Next-program-at-a-squat-of-90-kg.json');
    const text = readFileSync(await download.path(), 'utf8');
    const [token] = /<program:[a-z0-9-]+>/.exec(text) ?? [];
    const file = JSON.parse(text.replaceAll(`${token}`, '<program:theirs>'));
    for (const reference of file.references) {
      reference.key = reference.token === '<program:theirs>' ? 'theirs' : reference.key;
    }
    const buffer = Buffer.from(JSON.stringify(file));
    await page.getByRole('link', { name: 'Workflows' }).first().click();
    await page.getByRole('button', { name: 'Import a file' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByLabel(/^File/)
      .setInputFiles({ name: 'theirs.json', mimeType: 'application/json', buffer });
    await dialog.getByLabel(/^Name/).fill('Next program of theirs');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('The account does not have').waitFor();
    await dialog.getByLabel(/^Program/).selectOption('GZCLP (kg)');
    expect(await accessibilityProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('A draft, Next program of theirs').waitFor();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Next program of theirs' }).waitFor();
    await page.getByRole('button', { name: 'Import a file' }).click();
    await dialog
      .getByLabel(/^File/)
      .setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{"a": 1}') });
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('alert').getByText('This is no file of a workflow').waitFor();
  });

  test('what is wrong is told at its field, and a changed field is no longer wrong', async () => {
    const page = await openConsole(server, '/console/workflows/new', { expectedMessage: /400/ });
    await page.getByLabel('Event', { exact: true }).selectOption('tag_added');
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await page.getByRole('button', { name: 'Add a step' }).click();
    await page.getByLabel('Kind of step 1').selectOption('Call webhook');
    await page.getByLabel('URL', { exact: true }).fill('ftp://example.com');
    await page.getByRole('button', { name: 'Save as a draft' }).click();

    const row = (label: string) => page.locator('.row', { has: page.getByLabel(label, { exact: true }) });
    for (const label of ['Name', 'Tag', 'Field', 'URL']) {
      await row(label).locator('.violation').waitFor();
      expect(await page.getByLabel(label, { exact: true }).getAttribute('aria-invalid')).toBe('true');
    }
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByLabel('URL', { exact: true }).fill('https://example.com/hook');
    expect(await row('URL').locator('.violation').count()).toBe(0);
  });

  test('an operator that the type of the field does not have is not offered', async () => {
    const page = await openConsole(server, '/console/workflows/new');
    await page.getByLabel('Event', { exact: true }).selectOption('payment_received');
    await page.getByRole('button', { name: 'Add a condition' }).click();

    await page.getByLabel('Field', { exact: true }).selectOption('amount');

    const offered = await page.getByLabel('Operator', { exact: true }).locator('option').allTextContents();
    expect(offered).toContain('greater than');
    expect(offered).not.toContain('starts with');
    expect(offered).not.toContain('changed');
  });

  test('a branch reads what an earlier webhook was answered, and texts have values of the event', async () => {
    const page = await openConsole(server, '/console/workflows/new');
    await page.getByLabel('Name', { exact: true }).fill('Ask the shop');
    await page.getByLabel('Event', { exact: true }).selectOption('payment_received');
    await page.getByRole('button', { name: 'Add a step' }).click();
    await page.getByLabel('Kind of step 1').selectOption('Call webhook');
    await page.getByLabel('URL', { exact: true }).fill('https://shop.example.com/athletes/');
    await page.getByLabel('Add a value to URL').selectOption('athlete.name');
    await page.getByLabel('Method', { exact: true }).selectOption('Put');
    await page.getByRole('button', { name: 'Add to headers' }).click();
    const header = page.locator('.item', { has: page.getByRole('button', { name: 'Remove headers 1' }) });
    await header.getByLabel('Name', { exact: true }).fill('x-amount');
    await header.getByLabel('Value', { exact: true }).fill('EUR ');
    await page.getByLabel('Add a value to Value').selectOption('event.amount');
    await page.getByLabel('Body', { exact: true }).selectOption('JSON');
    await page.getByLabel('JSON', { exact: true }).fill('{"paid": "{{ event.amount }}"}');
    await page.getByLabel('Success statuses', { exact: true }).fill('200,404');
    await page.getByText('Name', { exact: true }).last().click();
    await page.getByLabel('Name of step 1').fill('shop');
    await page.getByRole('button', { name: 'Add a step' }).click();
    await page.getByLabel('Kind of step 2').selectOption('Branch');
    await page.getByRole('button', { name: 'Add a condition' }).last().click();
    const condition = page.locator('.step .condition');
    await condition.getByLabel('Field', { exact: true }).selectOption('steps.shop.body');
    await condition.getByLabel('Path in the answer').fill('plan.name');
    await condition.getByLabel('Operator', { exact: true }).selectOption('starts with');
    await condition.getByLabel('Value', { exact: true }).fill('gold');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save as a draft' }).click();
    await page.getByRole('heading', { level: 1, name: 'Change “Ask the shop”' }).waitFor();

    const { workflows } = await createClient(WorkflowService, transport()).listWorkflows({ pageSize: 50 });
    const stored = workflows.find(({ name }) => name === 'Ask the shop');
    const [webhook, branch] = stored?.actions ?? [];
    expect(webhook).toMatchObject({
      name: 'shop',
      action: {
        case: 'callWebhook',
        value: {
          url: 'https://shop.example.com/athletes/{{ athlete.name }}',
          method: WebhookMethod.PUT,
          headers: [{ name: 'x-amount', value: 'EUR {{ event.amount }}' }],
          body: { case: 'json', value: { paid: '{{ event.amount }}' } },
          successStatuses: [200, 404],
        },
      },
    });
    expect(branch?.action.value).toMatchObject({
      filter: { conditions: [{ field: 'steps.shop.body.plan.name', operator: 'starts_with' }] },
    });
  }, 120_000);

  test('goals of a template are shown and kept, and another one is added with a filter of its own event', async () => {
    const workflows = createClient(WorkflowService, transport());
    const page = await openConsole(server, '/console/workflows/new');
    await page.getByLabel('Start from a template').selectOption('drop-off-rescue');
    const goals = page.getByRole('group', { name: 'Goals', exact: true });
    const eventTypes = goals.getByLabel('Event type', { exact: true });
    await eventTypes.first().waitFor();
    const given = await eventTypes.count();

    await goals.getByRole('button', { name: 'Add to goals' }).click();
    await eventTypes.nth(given).selectOption('payment_received');
    await goals.getByRole('button', { name: 'Add a condition' }).nth(given).click();
    await goals.getByLabel('Field', { exact: true }).last().selectOption('amount');
    await goals.getByLabel('Operator', { exact: true }).last().selectOption('greater than');
    await goals.getByLabel('Value', { exact: true }).last().fill('10');
    await page.getByLabel('Name', { exact: true }).fill('Rescue until they train or pay');
    for (const url of await page.getByLabel('URL', { exact: true }).all()) {
      await url.fill('https://gym.example.com/rescue');
    }
    await page.getByRole('button', { name: 'Save as a draft' }).click();
    await page.getByText('Saved.').waitFor();

    const { workflows: all } = await workflows.listWorkflows({ pageSize: 500 });
    const saved = all.find(({ name }) => name === 'Rescue until they train or pay');
    const { workflow } = await workflows.getWorkflow({ workflowId: `${saved?.id}` });
    expect(workflow?.exits.map(({ eventType }) => eventType)).toEqual([
      'session_completed',
      'payment_received',
    ]);
    expect(workflow?.exits[1]?.filter?.conditions[0]).toMatchObject({
      field: 'amount',
      operator: 'greater_than',
    });
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.goto(`${server.url}/console/workflows/${saved?.id}`);
    await page.getByRole('heading', { name: 'Until', exact: true }).waitFor();
    await page.getByText('Payment received', { exact: true }).waitFor();
  });

  test('steps are moved and removed, and what is stored is what is shown', async () => {
    const page = await openConsole(server, '/console/workflows');
    await page.getByRole('link', { name: 'Mark a stalled lift' }).click();
    await page.getByRole('link', { name: 'Change' }).click();
    await page.getByRole('button', { name: 'Move step 2 up' }).click();
    await page.getByRole('button', { name: 'Remove step 3' }).click();
    await page.getByRole('button', { name: 'Save' }).click();

    await page.getByText('Saved.').waitFor();
    await page.locator('.crumbs').getByRole('link', { name: 'Mark a stalled lift' }).click();
    await page.getByText('Wait for 7 days').waitFor();
    expect(await page.locator('.steps > li').allTextContents()).toEqual([
      'Wait for 7 days',
      'Add the tag stalled',
    ]);
  });

  test('a dead letter is redriven when its trigger has been repaired', async () => {
    const page = await openConsole(server, '/console/operations', { expectedMessage: /400/ });
    const letter = page.locator('.entry', { hasText: 'TRIGGER_UNREADABLE' });
    await letter.getByText('Dead', { exact: true }).waitFor();
    await letter.getByRole('link', { name: 'Its workflow' }).click();
    await page.getByText('athlete.tags has word evening-group').waitFor();
    await page.getByRole('link', { name: 'Change' }).click();
    await page.getByText('Invalid filter operator').waitFor();
    await page.getByLabel('Operator', { exact: true }).selectOption('contains');
    await page.getByLabel('Value', { exact: true }).fill('evening-group');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();

    await page.getByRole('link', { name: 'Operations' }).click();
    await letter.getByRole('button', { name: 'Try again' }).click();
    await letter.waitFor({ state: 'detached' });

    const users = createClient(UserService, transport());
    const userId = seededId('user/Demo Comeback');
    await expect.poll(async () => (await users.getUser({ userId })).user?.tags).toContain('to-call');
  });

  test('a run is paused, resumed and cancelled, and a failed run is retried', async () => {
    const events = createClient(EventService, transport());
    const data = { day_slug: 'day-a', week_number: 13, planned_on: '2026-01-31', missed_in_a_row: 1 };
    await events.publishEvents({
      events: [{ id: uuidv7(), type: 'session_missed', userId: seededId('user/Demo Regular'), data }],
    });
    const page = await openConsole(server, '/console/workflows');
    await page.getByRole('link', { name: 'Tag who missed a session' }).click();
    const run = page.locator('.entry').first();

    await run.getByRole('button', { name: 'Pause' }).click();
    await run.getByText('Paused', { exact: true }).waitFor();
    await run.getByRole('button', { name: 'Resume' }).click();
    await run.getByText('Active', { exact: true }).waitFor();
    await run.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await run.getByText('CANCELLED_BY_HAND').waitFor();
    await expect.poll(() => run.getByRole('button').count()).toBe(0);

    await page.getByRole('link', { name: 'Workflows' }).first().click();
    await page.getByRole('link', { name: 'Next program at a squat of 90 kg' }).click();
    await page.getByRole('button', { name: 'Retry failed runs' }).click();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('1 run of 1 that failed').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { entries } = await createClient(AuditService, transport()).listAuditEntries({ pageSize: 5 });
    expect(entries.map(({ action }) => action)).toContain('RedriveRuns');
  });

  test('versions of a trigger say what they changed, and an earlier one is taken back', async () => {
    const page = await openConsole(server, '/console/workflows');
    await page.getByRole('link', { name: 'Next program at a squat of 90 kg' }).click();
    await page.getByRole('link', { name: 'Change' }).click();
    await page.locator('.condition').nth(1).getByLabel('Value', { exact: true }).fill('95');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.locator('.crumbs').getByRole('link', { name: 'Next program' }).click();

    const versions = page.locator('.panel', { hasText: 'Versions of the trigger' });
    await versions.locator('li', { hasText: '2. Update trigger' }).getByText('What changed').click();
    const changed = versions.locator('.differences li');
    await changed.first().waitFor();
    expect(await changed.allTextContents()).toEqual(['filter.conditions[1].value90 → 95']);
    await versions.getByRole('button', { name: 'Go back to version 1' }).click();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('dialog').getByText('95').waitFor();
    await page.getByRole('button', { name: 'Confirm' }).click();

    await page.getByText('value greater than or equal 90').waitFor();
  });

  test('versions of a workflow say which step they changed, and an earlier one is taken back', async () => {
    const page = await openConsole(server, '/console/workflows');
    await page.getByRole('link', { name: 'Tag who missed a session' }).click();
    await page.getByRole('link', { name: 'Change' }).click();
    await page.getByLabel('Tag', { exact: true }).first().fill('plateau');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.locator('.crumbs').getByRole('link', { name: 'Tag who missed a session' }).click();

    const versions = page.locator('.panel', { hasText: 'Versions of the workflow' });
    await versions.locator('li', { hasText: '3. Update workflow' }).getByText('What changed').click();
    const changed = versions.locator('.differences li');
    await changed.first().waitFor();
    expect(await changed.allTextContents()).toEqual([expect.stringMatching(/add_tag\.tag.* → plateau$/)]);
    await versions.getByRole('button', { name: 'Go back to version 1' }).click();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('dialog').getByText('plateau').waitFor();
    await page.getByRole('button', { name: 'Confirm' }).click();

    await versions.getByText('4. Rollback workflow').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('the answer of a webhook, the name of a workflow and the data of an event that are markup stay text', async () => {
    const markup = '<img src=x onerror="document.title=1">';
    const hook = createServer((_, response) => {
      response.writeHead(400, markup.replaceAll('"', "'"), { 'content-type': 'text/html' }).end(markup);
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void hook.close());
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    const workflows = createClient(WorkflowService, transport());
    const once = () => ({ headers: { 'idempotency-key': uuidv7() } });
    const { workflow } = await workflows.createWorkflow(
      {
        ...{ name: markup, description: markup, trigger: { triggerEvent: 'appointment_booked' } },
        actions: [{ action: { case: 'callWebhook', value: { url, data: { markup } } } }],
      },
      once(),
    );
    await workflows.activateWorkflow({ workflowId: `${workflow?.id}` }, once());
    const userId = seededId('user/Demo Regular');
    const data = { appointment_id: uuidv7(), kind: markup };
    await createClient(EventService, transport()).publishEvents({
      events: [{ id: uuidv7(), type: 'appointment_booked', userId, data }],
    });

    const page = await openConsole(server, `/console/workflows/${workflow?.id}`);
    await page.locator('.entry').getByText('WEBHOOK_REFUSED').waitFor();
    await page.getByRole('heading', { level: 1, name: markup }).waitFor();
    await page.getByRole('link', { name: 'Events' }).click();
    const entry = page.locator('.entry', { hasText: 'Appointment booked' }).first();
    await entry.locator('summary').click();
    await entry.locator('.values').getByText('onerror').waitFor();
    await entry.getByRole('link', { name: markup }).waitFor();
    await page.getByRole('link', { name: 'Operations' }).click();
    await page.locator('.entry', { hasText: 'WEBHOOK_REFUSED' }).getByText(markup).waitFor();

    expect(await page.title()).toBe('Operations – Progression console');
    expect(await page.locator('main img').count()).toBe(0);
  });

  test.each(['Tag who missed a session', 'Call after a no-show'])(
    'axe finds nothing on the page of “%s”, nor in its builder',
    async (name) => {
      for (const [colorScheme, width] of [
        ['light', 390],
        ['dark', 1280],
      ] as const) {
        const page = await openConsole(server, '/console/workflows', {
          ...{ colorScheme, width, expectedMessage: /400/ },
        });
        await page.getByRole('link', { name }).click();
        await page.getByText('1. Create workflow').first().waitFor();
        expect(await accessibilityProblems(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        await page.getByRole('link', { name: 'Change' }).click();
        await page.getByLabel('Kind of step 1').waitFor();
        expect(await accessibilityProblems(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      }
    },
  );
});
