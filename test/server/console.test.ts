/** The files of the console on the service's port. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { loadConsole } from '../../src/server/console.ts';
import { startTestServer } from './test-server.ts';

const PAGE = '<!doctype html><title>Console</title>';
const SCRIPT = 'export const answer = 42;\n';

async function startWithBuild(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'console-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, 'assets'));
  await writeFile(join(directory, 'index.html'), PAGE);
  await writeFile(join(directory, 'assets', 'index-a1b2.js'), SCRIPT);
  return (
    await startTestServer({
      pages: await loadConsole(directory, { rolesClaim: 'roles', hasSecretsKey: false }),
    })
  ).url;
}

describe('the console', () => {
  test('is where the root of the port leads', async () => {
    const answer = await fetch(`${await startWithBuild()}/`, { redirect: 'manual' });

    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe('/console/');
  });

  test('answers every path of a screen with its page, which is asked for anew each time', async () => {
    const url = await startWithBuild();

    for (const path of ['/console/', '/console/athletes/7?unit=kg', '/console/index.html']) {
      const answer = await fetch(url + path);
      expect(await answer.text()).toBe(PAGE);
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });

  test('lets browsers keep for good what is named by its content', async () => {
    const answer = await fetch(`${await startWithBuild()}/console/assets/index-a1b2.js`);

    expect(await answer.text()).toBe(SCRIPT);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
  });

  test('sends plain bytes to clients that do not take gzip', async () => {
    const url = await startWithBuild();

    const answer = await fetch(`${url}/console/assets/index-a1b2.js`, {
      headers: { 'accept-encoding': 'identity' },
    });

    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(await answer.text()).toBe(SCRIPT);
  });

  test('does not answer with its page for a file that the build does not have', async () => {
    const answer = await fetch(`${await startWithBuild()}/console/assets/index-0ld0.js`);

    expect(answer.status).toBe(404);
  });

  test('is never framed, sniffed, or given scripts of others', async () => {
    const url = await startWithBuild();

    for (const path of ['/', '/console/', '/console/assets/index-a1b2.js']) {
      const { headers } = await fetch(url + path, { redirect: 'manual' });
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'self'; .*frame-ancestors 'none'$/,
      );
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test('answers HEAD without a body, and leaves other methods to the API', async () => {
    const url = await startWithBuild();

    const head = await fetch(`${url}/console/`, { method: 'HEAD' });
    const post = await fetch(`${url}/console/`, { method: 'POST', body: '{}' });

    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(post.status).toBe(404);
    expect(await post.json()).toMatchObject({ code: 'unimplemented' });
  });

  test('is served over HTTP/2 as well', async () => {
    const session = http2.connect(await startWithBuild());
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': '/console/' });
    const [headers] = await new Promise<[http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]>(
      (resolve) => stream.once('response', (...args) => resolve([args[0]])),
    );

    expect(headers[':status']).toBe(200);
    expect(await text(stream)).toBe(PAGE);
  });

  test('says how it is built when it is not', async () => {
    const { url } = await startTestServer({
      pages: await loadConsole(join(tmpdir(), 'no-such-build'), { rolesClaim: '', hasSecretsKey: false }),
    });

    const answer = await fetch(`${url}/console/`);

    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run setup');
  });

  test('is absent from a server without pages', async () => {
    const { url } = await startTestServer();

    expect((await fetch(`${url}/console/`)).status).toBe(404);
    expect((await fetch(`${url}/`)).status).toBe(404);
  });
});

describe('CONSOLE', () => {
  test('is on for callers without credentials, and else off unless it is set', () => {
    const tokens = {
      ...{ AUTH_MODE: 'jwt', AUTH_PUBLIC_KEY_FILE: 'key.pem' },
      ...{ AUTH_ISSUER: 'an-issuer', AUTH_AUDIENCE: 'an-audience' },
    };

    expect(readConfig({}).console).toBe(true);
    expect(readConfig({ CONSOLE: 'off' }).console).toBe(false);
    expect(readConfig(tokens).console).toBe(false);
    expect(readConfig({ ...tokens, CONSOLE: 'on' }).console).toBe(true);
    expect(() => readConfig({ CONSOLE: 'yes' })).toThrow('CONSOLE must be one of on, off, not "yes"');
  });
});
