/** Programs, workflows, events, operations and the API in the console. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SERVICES } from '../../console/src/api/services.ts';
import { seededId } from '../../src/commands/seed-demo-account.ts';
import { DEMO_ACCOUNT_ID } from '../../src/config/config.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { WorkflowHoldEntity } from '../../src/store/entities/workflow-hold.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { HAS_CHROMIUM } from '../support/commands.ts';
import {
  accessibilityProblems,
  type ConsoleServer,
  openConsole,
  PATIENCE_MS,
  startConsole,
} from './console-page.ts';

/** What a command prints. The server that it calls runs in this process, which must go on meanwhile. */
async function runInShell(command: string): Promise<string> {
  return (await promisify(execFile)('sh', ['-c', command], { timeout: PATIENCE_MS })).stdout;
}

describe.skipIf(!HAS_CHROMIUM)('screens in Chromium', { timeout: PATIENCE_MS }, () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole();
  }, 120_000);
  afterAll(() => server?.close());

  test('a program says what its rules do, in order, and who follows it', async () => {
    const page = await openConsole(server, '/console/programs');

    await page.getByRole('link', { name: 'GZCLP (kg)' }).click();

    await page.getByText('Stages 3x10, 3x8, 3x6; the next one after a miss').first().waitFor();
    await page.getByText('By the repetitions of the AMRAP set: 25 or more, 5').waitFor();
    await page.getByRole('link', { name: 'Demo Allrounder' }).waitFor();
  });

  test('a program is copied from the catalogue, shows what each week prescribes, and is changed', async () => {
    const page = await openConsole(server, '/console/programs');
    await page.getByRole('button', { name: 'Copy from the catalogue' }).click();
    await page.getByLabel('Program of the catalogue').selectOption('wendler-531-bbb-kg');
    await page.getByLabel(/^Name/).fill('531 of ours');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('dialog').getByText('4 weeks a cycle').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('link', { name: '531 of ours' }).click();

    await page.getByText('1 × 5+ at 85').first().waitFor();
    await page.getByLabel('Week of the cycle').selectOption('Week 3');
    await page.getByText('1 × 1+ at 95').first().waitFor();
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Step of prescribed loads').fill('1.25');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('dialog').getByText('Step of prescribed loads: → 1.25').waitFor();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.locator('.entry').first().getByRole('button').first().click();
    await page.getByLabel(/^Priority/).fill('77');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.locator('.entry-head', { hasText: /^77 / }).waitFor();
  });

  test('days of a program are changed, and what is wrong is told at its field', async () => {
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
    const programs = createClient(ProgramService, transport);
    const { program } = await programs.copyProgram(
      {
        from: { case: 'catalogSlug', value: 'stronglifts-5x5-kg' },
        slug: 'days-of-ours',
        name: 'Days of ours',
      },
      { headers: { 'idempotency-key': uuidv7() } },
    );
    const page = await openConsole(server, `/console/programs/${program?.id}`, { expectedMessage: /400/ });
    await page.getByRole('button', { name: 'Edit the days' }).click();
    const day = page.locator('.days-editor > .panel').first();
    const sets = day.getByLabel('Sets', { exact: true }).first();
    await sets.fill('101');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save the days' }).click();

    const row = day.locator('.row', { has: page.getByLabel('Sets', { exact: true }) }).first();
    await row.locator('.violation').waitFor();
    expect(await sets.getAttribute('aria-invalid')).toBe('true');
    await sets.fill('4');
    expect(await row.locator('.violation').count()).toBe(0);
    await day.getByLabel('Slug', { exact: true }).fill('heavy');
    await page.getByRole('button', { name: 'Remove day 2' }).click();
    await page.getByText('4 × 5 at').first().waitFor();
    await page.getByRole('button', { name: 'Save the days' }).click();
    await page.locator('.days-editor').waitFor({ state: 'detached' });

    const { program: changed } = await programs.getProgram({ programId: `${program?.id}` });
    expect(changed?.days.map(({ slug }) => slug)).toEqual(['heavy']);
    expect(changed?.days[0]?.prescriptions[0]?.groups[0]?.sets).toBe(4);
  });

  test('a workflow says when it runs and what it does, and lists its runs step by step', async () => {
    const page = await openConsole(server, '/console/workflows');

    await page.getByRole('link', { name: 'Tag who missed a session' }).click();

    await page.getByText('athlete.tags contains evening-group').waitFor();
    await page.getByText('Wait for 2 days').waitFor();
    const run = page.locator('.entry').first();
    await run.getByText('Completed').waitFor();
    expect(await run.locator('.run-steps li').count()).toBe(3);
  });

  test('an event appears when it happens, and is explained with the value of each condition', async () => {
    const page = await openConsole(server, '/console/events');
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    await page.locator('.entry').first().waitFor();
    const events = createClient(
      EventService,
      createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }),
    );

    const userId = seededId('user/Demo Regular');
    const data = {
      session_id: uuidv7(),
      day_slug: 'day-a',
      week_number: 13,
      planned_on: '2026-01-31',
      missed_in_a_row: 7,
    };
    await events.publishEvents({ events: [{ id: uuidv7(), type: 'session_missed', userId, data }] });

    const entry = page.locator('.entry', { hasText: 'Session missed' }).first();
    await entry.locator('summary').click();
    await entry.getByText('missed_in_a_row').waitFor();
    await entry.getByText('Enrolled').waitFor();
    await entry.getByText('athlete.tags contains evening-group').waitFor();
    await entry.getByText('met: ["evening-group"').waitFor();
  });

  test('the page of an athlete leads to the events of that athlete alone', async () => {
    const page = await openConsole(server, `/console/athletes/${seededId('user/Demo Comeback')}`);

    await page.locator('.heading').getByRole('link', { name: 'Events' }).click();

    await page.getByText('of all athletes').waitFor();
    const athletes = page.locator('.entry > a');
    await athletes.filter({ hasText: 'Demo Comeback' }).nth(9).waitFor();
    expect(new Set(await athletes.allTextContents())).toEqual(new Set(['Demo Comeback']));
  });

  test('events of one athlete and one type are found, and a reload shows the same', async () => {
    const page = await openConsole(server, '/console/events');
    await page.getByLabel('Find an athlete').fill('regu');
    await page.getByRole('button', { name: 'Demo Regular' }).click();
    await page.getByLabel('Type of event').selectOption('Session missed');
    const missed = page.locator('.entry', { hasText: 'Session missed' });
    await missed.nth(2).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);

    await page.reload();

    await missed.nth(2).waitFor();
    expect(new Set(await page.locator('.entry > a').allTextContents())).toEqual(new Set(['Demo Regular']));
    expect(await page.locator('.entry summary strong').allTextContents()).toEqual(
      (await missed.all()).map(() => 'Session missed'),
    );
  });

  test.each(['athletes', 'programs', 'workflows'])(
    'a page of %s that do not exist says so, and leads back',
    async (screen) => {
      const page = await openConsole(server, `/console/${screen}/${uuidv7()}`, { expectedMessage: /404/ });

      await page
        .getByRole('alert')
        .getByText(/_NOT_FOUND/)
        .waitFor();

      expect(await accessibilityProblems(page)).toEqual([]);
      await page.locator('.crumbs').getByRole('link').click();
      await page.locator('.whole-row').first().waitFor();
      expect(new URL(page.url()).pathname).toBe(`/console/${screen}`);
    },
  );

  test('a server without a key says that secrets cannot be set', async () => {
    const page = await openConsole(server, '/console/workflows/secrets');

    await page.getByText('This server has no key that encrypts secrets').waitFor();

    await page.getByText('No secret yet.').waitFor();
    expect(await page.getByRole('button', { name: 'New secret' }).count()).toBe(0);
  });

  test('a run that failed is told with its reason, and a change by hand with who made it and why', async () => {
    const page = await openConsole(server, '/console/operations');

    await page.getByText('ALREADY_ENROLLED').waitFor();
    await page.getByText('“the bar had two plates too few”').waitFor();
    expect(await page.locator('.entry', { hasText: 'Revert progression' }).textContent()).toContain(
      'by coach',
    );
  });

  test('a hold of the loop guard is listed, and released by a click', async () => {
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
    const { workflows } = await createClient(WorkflowService, transport).listWorkflows({ pageSize: 10 });
    const workflow = workflows.find(({ name }) => name === 'Mark a stalled lift');
    const userId = seededId('user/Demo Novice');
    const now = systemClock();
    // As the loop guard writes it.
    await server.db.database.transaction(DEMO_ACCOUNT_ID, async ({ em, accountId }) => {
      const held = { accountId, workflowId: `${workflow?.id}`, userId };
      em.create(WorkflowHoldEntity, { ...held, heldAt: now, lastEventAt: now, releasedAt: null });
    });
    const page = await openConsole(server, '/console/operations');
    const hold = page.locator('.panel', { hasText: 'Holds of the loop guard' }).locator('.entry');
    await hold.getByText('Mark a stalled lift').waitFor();
    await hold.getByText('Demo Novice').waitFor();

    await hold.getByRole('button', { name: 'Release' }).click();

    await page.getByText('No workflow holds an athlete.').waitFor();
    const triggers = createClient(TriggerService, transport);
    expect((await triggers.listHolds({})).holds).toEqual([]);
  });

  test('a call is made by a form, and its curl command gives the same answer', async () => {
    const page = await openConsole(server, '/console/api/progression.v1.UserService/ListUsers');
    await page.getByText('By name, then id.').waitFor();

    await page.getByLabel('name_contains').fill("o'nov\\");
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('pre.json', { hasText: '{}' }).waitFor();
    await page.getByLabel('name_contains').fill('nov');
    await page.getByRole('button', { name: 'Send' }).click();

    const answer = page.locator('pre.json', { hasText: 'Demo Novice' });
    await answer.waitFor();
    const [grpcurl, curl] = await page.locator('.snippet pre').allTextContents();
    expect(grpcurl).toBe(
      `grpcurl -plaintext -d '{"nameContains":"nov"}' ${new URL(server.url).host} progression.v1.UserService/ListUsers`,
    );
    const printed = await runInShell(`${curl}`);
    expect(JSON.parse(printed)).toEqual(JSON.parse(`${await answer.textContent()}`));
  });

  test('a curl command has the text of the form as it is, whatever a shell makes of it', async () => {
    const page = await openConsole(server, '/console/api/progression.v1.UserService/CreateUser');
    const name = `$(id) 'quoted' "$HOME" \`id\` \\`;

    await page.getByLabel('name', { exact: true }).fill(name);

    const curl = await page.locator('.snippet pre').nth(1).textContent();
    const printed = JSON.parse(await runInShell(`${curl}`));
    expect(printed.user.name).toBe(name);
  });

  test('a refused call names each field', async () => {
    const page = await openConsole(server, '/console/api/progression.v1.ProgressionService/LogSets', {
      expectedMessage: /400/,
    });

    await page.getByLabel('user_id').fill('nobody');
    await page.getByRole('button', { name: 'Add an item to sets' }).click();
    await page.getByRole('button', { name: 'Send' }).click();

    const problem = page.getByRole('alert');
    await problem.getByText('VALIDATION_FAILED').waitFor();
    const fields = await problem.locator('li code').allTextContents();
    expect(fields).toEqual(expect.arrayContaining(['user_id', 'session_id', 'sets[0].lift_id']));
  });

  test('nested messages, lists and oneofs of a form are the JSON of the message', async () => {
    const page = await openConsole(
      server,
      '/console/api/progression.v1.ProgressionService/SimulateProgressions',
    );

    await page.getByLabel('horizon').selectOption('weeks');
    await page.getByLabel('weeks', { exact: true }).fill('4');
    await page.getByText('Add SimulatedPerformance').click();
    await page.getByRole('button', { name: 'Add an item to missed_sessions' }).click();
    await page.getByLabel('Item of missed_sessions').fill('2');
    await page.getByRole('button', { name: 'Edit as JSON' }).click();

    const json = await page.getByLabel('Request as JSON').inputValue();
    expect(JSON.parse(json)).toEqual({ weeks: 4, performance: { missedSessions: [2] } });
  });

  test('every method has a form with a button that sends it', async () => {
    const page = await openConsole(server, '/console/api');
    const methods = SERVICES.flatMap(({ typeName, methods }) =>
      methods.map(({ name }) => ({ typeName, name })),
    );
    await page.locator('.methods details').first().waitFor();
    await page.evaluate('for (const each of document.querySelectorAll(".methods details")) each.open = true');

    for (const { typeName, name } of methods) {
      await page.locator(`a[href="/console/api/${typeName}/${name}"]`).click();
      await page.getByRole('heading', { level: 2, name: `${typeName}/${name}` }).waitFor();
      expect(await page.getByRole('button', { name: 'Send' }).count()).toBe(1);
    }
    expect(methods.length).toBeGreaterThan(80);
  }, 120_000);

  test.each([
    ['/console/programs', '.whole-row'],
    [`/console/programs/${seededId('program/gzclp-kg')}`, '.entry'],
    ['/console/workflows', '.whole-row'],
    ['/console/workflows/new', '.builder'],
    ['/console/workflows/secrets', '.banner'],
    ['/console/events', '.entry'],
    ['/console/operations', '.entry'],
    ['/console/api/progression.v1.ProgressionService/LogSets', '.snippet'],
  ])('axe finds nothing on %s, in both colour schemes', async (path, content) => {
    for (const [colorScheme, width] of [
      ['light', 390],
      ['dark', 1280],
    ] as const) {
      const page = await openConsole(server, path, { colorScheme, width });
      await page.locator(content).first().waitFor();

      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  });
});
