/** What a browser has to fetch before it shows the first screen. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { CONSOLE_DIRECTORY, loadConsole } from '../../src/server/console.ts';
import type { Pages } from '../../src/server/pages.ts';

const MOST_BYTES = 250 * 1024;

let pages: Pages;
beforeAll(async () => {
  spawnSync(process.execPath, [join(CONSOLE_DIRECTORY, '..', 'ensure-built.ts')], { stdio: 'inherit' });
  pages = await loadConsole(CONSOLE_DIRECTORY, { rolesClaim: '', hasSecretsKey: false });
}, 60_000);

test('the first screen comes with at most 250 KiB, compressed', () => {
  const html = Buffer.from(pages('/console/', false)?.body ?? []).toString();
  const paths = [...html.matchAll(/(?:src|href)="(\/console\/[^"]+)"/g)].map(([, path]) => `${path}`);
  const bodies = ['/console/', ...paths].map((path) => pages(path, false)?.body ?? new Uint8Array());

  expect(paths.filter((path) => path.endsWith('.js')).length).toBeGreaterThan(0);
  expect(bodies.reduce((sum, body) => sum + gzipSync(body).byteLength, 0)).toBeLessThan(MOST_BYTES);
});

test('the page has no script and no style of its own, which the policy would refuse', () => {
  const html = Buffer.from(pages('/console/', false)?.body ?? []).toString();

  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/);
});
