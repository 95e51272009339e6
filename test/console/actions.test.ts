/** Changes that people make in the console, each with its preview; and what it offers to which role. */
import { randomBytes } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededId } from '../../src/commands/seed-demo-account.ts';
import { DEMO_ACCOUNT_ID } from '../../src/config/config.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { claimsOf, createIssuer, type Issuer } from '../access/credentials.ts';
import { HAS_CHROMIUM } from '../support/commands.ts';
import {
  accessibilityProblems,
  type ConsoleServer,
  openConsole,
  PATIENCE_MS,
  startConsole,
} from './console-page.ts';

const REGULAR = seededId('user/Demo Regular');
const PATH = `/console/athletes/${REGULAR}`;

describe.skipIf(!HAS_CHROMIUM)('actions in Chromium', { timeout: PATIENCE_MS }, () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole();
  }, 120_000);
  afterAll(() => server?.close());

  const maxOf = async (slug: string) => {
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
    const progressions = createClient(ProgressionService, transport);
    const liftId = seededId(`lift/${slug}`);
    const { liftMax } = await progressions.getLiftMax({
      userId: REGULAR,
      liftId,
      maxType: MaxType.TRAINING_MAX,
    });
    return liftMax?.value;
  };

  test('a set is corrected, and what the preview said is what happened', async () => {
    const page = await openConsole(server, PATH);
    const session = page.locator('.entry', { hasText: ', 1 missed' }).first();
    await session.locator('summary').click();
    await session.locator('.set-missed').first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Repetitions/).fill('5');
    await dialog.getByLabel(/^Reason/).fill('counted from the video');
    expect(await accessibilityProblems(page)).toEqual([]);

    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.locator('.preview li').first().waitFor();
    const preview = await dialog.locator('.preview li').allTextContents();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.waitFor({ state: 'detached' });

    const [raised] = preview.filter((sentence) => / up from /.test(sentence));
    const [, lift, value] = /^(.+) up from .+ to ([\d.]+)/.exec(`${raised}`) ?? [];
    await page.getByRole('button', { name: new RegExp(`^${lift}\\s*${value}`) }).waitFor();
    expect(await maxOf(`${lift}`.toLowerCase().replaceAll(' ', '-'))).toBe(value);
  });

  test('the latest session is undone with a reason, and nothing happens before the preview is confirmed', async () => {
    const page = await openConsole(server, PATH);
    const before = await maxOf('squat');
    const session = page.locator('.entry').first();
    await session.getByText('Squat up from').waitFor();

    await session.getByRole('button', { name: 'Undo' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Reason/).fill('reported for another athlete');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    const undone = dialog.locator('.preview li', { hasText: 'Squat' });
    const [, back] = /back to ([\d.]+)/.exec(`${await undone.textContent()}`) ?? [];
    expect(await maxOf('squat')).toBe(before);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.waitFor({ state: 'detached' });

    expect(await maxOf('squat')).toBe(back);
    await page.getByText('“reported for another athlete”').first().waitFor();
  });

  test('a max is set with the keyboard alone, and a changed input asks for another preview', async () => {
    const page = await openConsole(server, PATH);
    const deadlift = page.getByRole('button', { name: /^Deadlift/ });
    await deadlift.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Deadlift: every change as a table').waitFor();
    await page.getByRole('button', { name: 'Set this max' }).focus();
    await page.keyboard.press('Enter');

    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('120');
    await page.keyboard.press('Tab');
    await page.keyboard.type('tested');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Confirm' }).waitFor();
    await page.keyboard.type(' today');
    expect(await page.getByRole('button', { name: 'Confirm' }).count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Confirm' }).waitFor();
    await page.keyboard.press('Enter');

    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^Deadlift\s*120/ }).waitFor();
    await page.getByText('“tested today”').first().waitFor();
  });

  test('an athlete without a max gets the first one', async () => {
    const users = createClient(
      UserService,
      createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }),
    );
    const { user } = await users.createUser(
      { name: 'Sample Beginner' },
      { headers: { 'idempotency-key': uuidv7() } },
    );
    const page = await openConsole(server, `/console/athletes/${user?.id}`);
    await page.getByText('The athlete has no max yet.').waitFor();
    await page.getByRole('button', { name: 'Set the max of a lift' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Lift', { exact: true }).selectOption('Squat');
    await dialog.getByLabel('Value', { exact: true }).fill('95');
    await dialog.getByLabel('Unit', { exact: true }).selectOption('lb');
    await dialog.getByLabel(/^Reason/).fill('tested');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('its first, 95').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Confirm' }).click();

    await page.getByRole('button', { name: /^Squat\s*95\slb/ }).waitFor();
    await page.locator('.chart canvas').waitFor();
    await page.locator('.point-note', { hasText: '“tested”' }).waitFor();
  });

  test('a rule is overridden for the athlete, and applied by hand', async () => {
    const page = await openConsole(server, PATH);
    const panel = page.locator('.panel', { hasText: 'Rules for this athlete' });
    await panel.getByRole('button', { name: 'Override' }).click();
    await page.getByLabel('Row of the program').selectOption('+2.5 kg a session, every other lift');
    await page.getByLabel(/^Increment/).fill('1.25');
    await page.getByLabel(/^Reason/).fill('smaller plates');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('dialog').getByText('increment 1.25').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await panel.getByText('“smaller plates”').waitFor();
    await panel.getByRole('button', { name: 'Remove' }).click();
    await panel.getByText('As in the program.').waitFor();

    const before = await maxOf('bench-press');
    await panel.getByRole('button', { name: 'Apply a rule' }).click();
    await page.getByLabel('Rule', { exact: true }).selectOption('+2.5 kg a session');
    await page.getByRole('dialog').getByLabel('Lift', { exact: true }).selectOption('Bench press');
    await page.getByLabel(/^Also when/).check();
    await page.getByLabel(/^Reason/).fill('the last session was not reported');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('whether targets were met or not').waitFor();
    expect(await maxOf('bench-press')).toBe(before);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    expect(await maxOf('bench-press')).toBe(`${Number(before) + 2.5}`);
  }, 120_000);

  test('a training log is imported: its rows are judged before, and an exercise gets its lift by name', async () => {
    const rows = [
      'Date,Exercise Name,Set Order,Weight,Reps',
      '2025-03-03 18:00:00,Kniebeuge,1,60,5',
      '2025-03-03 18:00:00,Kniebeuge,2,60,5',
      '2025-03-03 18:00:00,Bench Press,1,many,5',
      '2025-03-05 18:00:00,Bench Press,1,50,5',
    ];
    const page = await openConsole(server, PATH);
    await page.getByRole('button', { name: 'Import a training log' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByLabel(/^File/)
      .setInputFiles({ name: 'log.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
    await dialog.getByLabel(/^Unit of weights/).selectOption('Kilograms');
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('4 rows, 1 set used').waitFor();
    await dialog.getByText('"many", line 4').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);

    await dialog.getByLabel('Kniebeuge').selectOption('Squat');
    expect(await dialog.getByRole('button', { name: 'Confirm' }).count()).toBe(0);
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByText('4 rows, 3 sets used').waitFor();
    const progressions = createClient(
      ProgressionService,
      createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }),
    );
    const setsOf = async () =>
      (await progressions.listLoggedSets({ userId: REGULAR, pageSize: 500 })).sets.filter(
        ({ weight, liftId }) => weight === '60' && liftId === seededId('lift/squat'),
      ).length;
    const before = await setsOf();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.waitFor({ state: 'detached' });

    await page.getByText('The log is imported.').waitFor();
    await page.getByText(/new, 0 imported before/).waitFor();
    expect(await setsOf()).toBe(before + 2);
  });

  test('a training log that cannot be read says why, at the field that decides it', async () => {
    const page = await openConsole(server, PATH, { expectedMessage: /400/ });
    await page.getByRole('button', { name: 'Import a training log' }).click();
    const dialog = page.getByRole('dialog');
    const text = 'Date,Exercise Name,Set Order,Weight,Reps\n03/04/2025,Squat,1,60,5\n';
    await dialog
      .getByLabel(/^File/)
      .setInputFiles({ name: 'log.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await dialog.getByRole('button', { name: 'Preview' }).click();
    await dialog.getByRole('alert').locator('code', { hasText: 'date_order' }).waitFor();

    await dialog.getByLabel(/^Dates such as/).selectOption('Day first');
    await dialog.getByRole('button', { name: 'Preview' }).click();

    await dialog.getByText('1 row, 1 set used').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('an enrollment is paused, and resumed by enrolling again', async () => {
    const page = await openConsole(server, `/console/athletes/${seededId('user/Demo Allrounder')}`, {
      expectedMessage: /400/,
    });

    await page.getByRole('button', { name: 'Pause or end' }).click();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('can be resumed under the same id').waitFor();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Follows no program').waitFor();

    await page.getByRole('button', { name: 'Enroll' }).click();
    await page.getByLabel('Program', { exact: true }).selectOption('GZCLP (kg)');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();

    await page.getByText('GZCLP (kg) since').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

describe.skipIf(!HAS_CHROMIUM)('roles in Chromium', { timeout: PATIENCE_MS }, () => {
  let server: ConsoleServer;
  let issuer: Issuer;
  beforeAll(async () => {
    issuer = await createIssuer();
    const SECRETS_KEY = randomBytes(32).toString('base64');
    server = await startConsole({ ...issuer.environment, AUTH_MODE: 'jwt', CONSOLE: 'on', SECRETS_KEY });
  }, 120_000);
  afterAll(async () => {
    await server?.close();
    issuer?.close();
  });

  /** Refused calls, which browsers report on their console. */
  const expectedMessage = /401|403/;

  async function signIn(role: string, subject: string, path: string) {
    const page = await openConsole(server, path, { expectedMessage });
    await page.getByLabel('Bearer token').fill(await issuer.mint(claimsOf(DEMO_ACCOUNT_ID, subject, [role])));
    await page.getByRole('button', { name: 'Sign in' }).click();
    return page;
  }

  test('a page without a token asks for one, and says when it is not accepted', async () => {
    const page = await openConsole(server, PATH, { expectedMessage });

    await page.getByLabel('Bearer token').fill('a.b.c');
    await page.getByRole('button', { name: 'Sign in' }).click();

    await page.getByText('The server does not accept this token').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('a coach is offered changes, and the token is forgotten with the page', async () => {
    const page = await signIn('coach', 'coach-7', PATH);

    await page.getByRole('button', { name: 'Set this max' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).first().waitFor();
    await page.getByRole('button', { name: 'Apply a rule' }).click();
    await page
      .getByRole('dialog')
      .getByLabel(/^Reason/)
      .waitFor();
    expect(await page.getByLabel(/^Also when/).count()).toBe(0);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Workflows', exact: true }).click();
    await page.getByRole('link', { name: 'Secrets' }).click();
    await page.getByRole('button', { name: 'New secret' }).waitFor();
    await page.reload();

    await page.getByLabel('Bearer token').waitFor();
    expect(
      await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'),
    ).toBe('[{},{},""]');
  });

  test('a read-only caller is offered no change, and a forced call is refused', async () => {
    const page = await signIn('read-only', 'auditor', PATH);
    await page.getByText('Squat: every change as a table').waitFor();
    await page.locator('.entry .outcomes li').first().waitFor();

    expect(
      await page.getByRole('button', { name: /Set th(is|e) max|Undo|Override|Apply a rule/ }).count(),
    ).toBe(0);
    await page.getByRole('link', { name: 'Workflows', exact: true }).click();
    await page.getByRole('link', { name: 'Secrets' }).click();
    await page.getByText('No secret yet.').waitFor();
    expect(await page.getByRole('button', { name: 'New secret' }).count()).toBe(0);
    await page.getByRole('link', { name: 'API' }).click();
    await page.getByRole('searchbox').fill('SetLiftMax');
    await page.getByRole('link', { name: 'SetLiftMax', exact: true }).click();
    await page.getByLabel('user_id').fill(REGULAR);
    await page.getByRole('button', { name: 'Send' }).click();

    await page.getByRole('alert').getByText('PERMISSION_DENIED').waitFor();
  });

  test('an athlete sees the own page only', async () => {
    const page = await signIn('athlete', REGULAR, '/console/');

    await page.getByRole('heading', { level: 1, name: 'Demo Regular' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'Refreshing' }).waitFor();
    await page.evaluate(`history.pushState(null, '', '/console/athletes/${seededId('user/Demo Novice')}')`);

    await page.getByText('PERMISSION_DENIED').waitFor();
    expect(await page.getByText('Demo Novice').count()).toBe(0);
  });
});
