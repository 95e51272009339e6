/** A page in a real Chromium, on an origin of its own, with a script of the tests. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Page } from 'playwright-core';
import { build, type Rolldown } from 'vite';
import { onTestFinished } from 'vitest';

export interface TestPage {
  readonly page: Page;
  /** The origin of the page, such as `http://127.0.0.1:38211`. */
  readonly origin: string;
}

/** The script, bundled for a browser; what it exports is there as `page`. */
async function bundle(script: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: { write: false, minify: false, lib: { entry: script, formats: ['iife'], name: 'page' } },
  });
  const [bundled] = built as [Rolldown.RolldownOutput];
  return bundled.output[0].code;
}

/** Opens a page that is empty but for the script, a path. Takes any certificate. Closed after the test. */
export async function openPage(script: string): Promise<TestPage> {
  const code = await bundle(script);
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><link rel="icon" href="data:,"><script>${code}</script>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  onTestFinished(async () => {
    await browser.close();
    server.close();
  });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(origin);
  return { page, origin };
}
