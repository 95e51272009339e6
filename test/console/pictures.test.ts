/** The pictures of docs/console.md and the README; `npm run pictures` writes them. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededId } from '../../src/commands/seed-demo-account.ts';
import { HAS_CHROMIUM } from '../support/commands.ts';
import { type ConsoleServer, openConsole, PATIENCE_MS, startConsole } from './console-page.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DIRECTORY = join(ROOT, 'docs', 'pictures');
const MOST_BYTES = 150_000;

interface Picture {
  readonly path: string;
  readonly colorScheme?: 'dark';
  readonly width?: number;
  readonly height: number;
  /** Resolves when the page shows what the picture is of. */
  ready(page: Page): Promise<void>;
}

const athlete = (name: string) => `/console/athletes/${seededId(`user/${name}`)}`;

async function hasChart(page: Page): Promise<void> {
  await page.locator('.chart canvas').waitFor();
  await page.locator('.entry .outcomes li').nth(5).waitFor();
}

const PICTURES: Readonly<Record<string, Picture>> = {
  athlete: { path: athlete('Demo Regular'), height: 980, ready: hasChart },
  'athlete-dark': { path: athlete('Demo Comeback'), colorScheme: 'dark', height: 640, ready: hasChart },
  'athlete-narrow': {
    ...{ path: athlete('Demo Regular'), width: 390, height: 900 },
    ready: hasChart,
  },
  event: {
    path: '/console/events',
    height: 640,
    async ready(page) {
      await page.getByLabel('Type of event').selectOption('session_missed');
      await page.locator('.entry', { hasText: 'Session missed' }).first().locator('summary').click();
      await page.locator('.conditions .met').waitFor();
    },
  },
  workflow: {
    path: '/console/workflows',
    height: 640,
    async ready(page) {
      await page.getByRole('link', { name: 'Mark a stalled lift' }).click();
      await page.locator('.run-steps li').first().waitFor();
      await page.locator('.funnel').waitFor();
    },
  },
  builder: {
    path: '/console/workflows',
    height: 860,
    async ready(page) {
      await page.getByRole('link', { name: 'Tag who missed a session' }).click();
      await page.getByRole('link', { name: 'Change' }).click();
      await page.getByLabel('Find an athlete').fill('Regular');
      const athlete = page.getByLabel('Athlete', { exact: true });
      await athlete.locator('option', { hasText: 'Regular' }).waitFor({ state: 'attached' });
      await page.getByRole('button', { name: 'Test', exact: true }).click();
      await page.locator('.stages li').first().waitFor();
    },
  },
  api: {
    path: '/console/api/progression.v1.UserService/ListUsers',
    height: 820,
    async ready(page) {
      await page.getByLabel('name_contains').fill('novice');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.locator('pre.json').waitFor();
    },
  },
};

describe.skipIf(!HAS_CHROMIUM)('pictures in Chromium', { timeout: PATIENCE_MS }, () => {
  let server: ConsoleServer;
  beforeAll(async () => {
    server = await startConsole();
  }, 120_000);
  afterAll(() => server?.close());

  test.each(Object.entries(PICTURES))('%s is taken, and has less than 150 KB', async (name, picture) => {
    const { path, colorScheme = 'light', width = 1280, height } = picture;
    const page = await openConsole(server, path, { colorScheme, width });
    await page.setViewportSize({ width, height });
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    await picture.ready(page);

    const png = await page.screenshot({ animations: 'disabled' });

    expect(png.byteLength).toBeLessThan(MOST_BYTES);
    if (process.env.UPDATE_PICTURES) {
      mkdirSync(DIRECTORY, { recursive: true });
      writeFileSync(join(DIRECTORY, `${name}.png`), png);
    }
  });
});

test.each(Object.keys(PICTURES))('the docs show the picture %s', (name) => {
  expect(statSync(join(DIRECTORY, `${name}.png`)).size).toBeLessThan(MOST_BYTES);
  expect(readFileSync(join(ROOT, 'docs', 'console.md'), 'utf8')).toContain(`(pictures/${name}.png)`);
});
