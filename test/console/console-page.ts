/** The console in a real Chromium, on a service with the demo account's history. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { seedDemoHistory } from '../../src/commands/demo-history/seed-demo-history.ts';
import { seed } from '../../src/commands/seed-demo-account.ts';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Screens are drawn late on a busy machine. */
export const PATIENCE_MS = 60_000;

export interface ConsoleServer {
  readonly db: TestDatabase;
  readonly url: string;
  readonly browser: Browser;
  /** Ends the server, and starts another on the same port after `work`. */
  whileStopped(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** With the demo account and its history; `environment` as of the process. */
export async function startConsole(environment: Record<string, string> = {}): Promise<ConsoleServer> {
  const built = spawnSync(process.execPath, [join(ROOT, 'console', 'ensure-built.ts')], { encoding: 'utf8' });
  expect(built.status, built.stderr).toBe(0);
  const db = await createTestDatabase();
  await seed(db.database, systemClock);
  await seedDemoHistory(db.database, readConfig({}));
  const start = (port: number): Promise<RunningServer> =>
    startService(readConfig({ ...environment, PORT: `${port}` }), db.database, createLogger('silent'));
  let server = await start(0);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  return {
    ...{ db, url: server.url, browser },
    async whileStopped(work) {
      await server.close();
      await work().finally(async () => {
        server = await start(server.port);
      });
    },
    async close() {
      await browser.close();
      await server.close();
      await db.close();
    },
  };
}

export interface PageOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  /** What the page may say on its console, such as that the server is away. */
  readonly expectedMessage?: RegExp;
  /** The origin of the one other host that the page may go to. */
  readonly otherHost?: string;
}

/**
 * Opens a path of the console. When the test ends, the page must have logged no error, violated no policy, and asked no
 * other host for anything.
 */
export async function openConsole(
  { browser, url }: ConsoleServer,
  path: string,
  { colorScheme = 'light', width = 1280, expectedMessage = /^$/, otherHost = url }: PageOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`${error}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !expectedMessage.test(message.text())) {
      problems.push(message.text());
    }
  });
  page.on('request', (request) => {
    if (![url, otherHost].includes(new URL(request.url()).origin)) {
      problems.push(`asked ${request.url()}`);
    }
  });
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  await page.goto(`${url}${path}`);
  return page;
}

/** What axe finds, each with the first element. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // The policy of the page refuses scripts in it; the debugging protocol runs this one.
  await page.evaluate(AXE);
  const violations = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(
    'axe.run(document).then((result) => result.violations)',
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}
