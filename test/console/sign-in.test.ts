/** Signing in to the console by OpenID Connect, at an issuer of this test. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededId } from '../../src/commands/seed-demo-account.ts';
import { DEMO_ACCOUNT_ID } from '../../src/config/config.ts';
import { claimsOf, createIssuer, type Issuer } from '../access/credentials.ts';
import { HAS_CHROMIUM } from '../support/commands.ts';
import {
  accessibilityProblems,
  type ConsoleServer,
  openConsole,
  PATIENCE_MS,
  startConsole,
} from './console-page.ts';

const CLIENT_ID = 'progression-console';
const PATH = `/console/athletes/${seededId('user/Demo Regular')}`;

/** An identity provider whose only user is a coach, who signs in with one click. */
interface Provider {
  readonly url: string;
  /** The parameters of the exchanges that it was asked for. */
  readonly exchanges: URLSearchParams[];
  /** Answers codes that it has not given. */
  breaksCodes: boolean;
  close(): void;
}

async function startProvider(issuer: Issuer): Promise<Provider> {
  const requests = new Map<string, URLSearchParams>();
  const exchanges: URLSearchParams[] = [];
  const server: Server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = { url, exchanges, breaksCodes: false, close: () => server.close() };
  return provider;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(`${request.url}`, url);
    if (pathname === '/.well-known/openid-configuration') {
      sendJson(response, 200, {
        ...{ issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token` },
        ...{ jwks_uri: `${url}/keys`, response_types_supported: ['code'] },
        ...{ subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'] },
        code_challenge_methods_supported: ['S256'],
      });
    } else if (pathname === '/authorize') {
      const code = uuidv7();
      requests.set(code, searchParams);
      const back = new URL(`${searchParams.get('redirect_uri')}`);
      back.searchParams.set('code', provider.breaksCodes ? uuidv7() : code);
      back.searchParams.set('state', `${searchParams.get('state')}`);
      response.setHeader('content-type', 'text/html');
      response.end(`<a href="${back.href.replaceAll('&', '&amp;')}">Sign in as coach</a>`);
    } else if (pathname === '/token') {
      await exchange(new URLSearchParams(await text(request)), response);
    } else {
      response.writeHead(204).end();
    }
  }

  async function exchange(parameters: URLSearchParams, response: ServerResponse): Promise<void> {
    exchanges.push(parameters);
    const asked = requests.get(`${parameters.get('code')}`);
    requests.delete(`${parameters.get('code')}`);
    const challenge = createHash('sha256')
      .update(`${parameters.get('code_verifier')}`)
      .digest('base64url');
    const isRight =
      asked?.get('code_challenge') === challenge &&
      asked.get('redirect_uri') === parameters.get('redirect_uri') &&
      asked.get('client_id') === parameters.get('client_id');
    if (!asked || !isRight) {
      sendJson(response, 400, { error: 'invalid_grant' });
      return;
    }
    const claims = { ...claimsOf(DEMO_ACCOUNT_ID, 'coach-7', ['coach']), iss: url };
    const { iat, exp, sub } = claims;
    sendJson(response, 200, {
      ...{ token_type: 'Bearer', expires_in: 600, access_token: await issuer.mint(claims) },
      id_token: await issuer.mint({
        ...{ iss: url, aud: CLIENT_ID, iat, exp, sub },
        nonce: `${asked.get('nonce')}`,
      }),
    });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
  response.end(JSON.stringify(body));
}

describe.skipIf(!HAS_CHROMIUM)('signing in by OpenID Connect in Chromium', { timeout: PATIENCE_MS }, () => {
  let server: ConsoleServer;
  let issuer: Issuer;
  let provider: Provider;
  beforeAll(async () => {
    issuer = await createIssuer();
    provider = await startProvider(issuer);
    server = await startConsole({
      ...issuer.environment,
      ...{ AUTH_MODE: 'jwt', AUTH_ISSUER: provider.url, CONSOLE: 'on', CONSOLE_OIDC_CLIENT_ID: CLIENT_ID },
    });
  }, 120_000);
  afterAll(async () => {
    await server?.close();
    provider?.close();
    issuer?.close();
  });

  const open = (expectedMessage: RegExp) =>
    openConsole(server, PATH, { expectedMessage, otherHost: provider.url });

  test('a person signs in at the issuer and is back where they were, with a token that only the page has', async () => {
    const page = await open(/401/);
    await page.getByRole('button', { name: `Sign in at ${new URL(provider.url).host}` }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await page.getByRole('link', { name: 'Sign in as coach' }).click();

    await page.getByRole('heading', { level: 1, name: 'Demo Regular' }).waitFor();
    await page.getByRole('button', { name: 'Set this max' }).waitFor();
    const { pathname, search } = new URL(page.url());
    expect([pathname, search]).toEqual([PATH, '']);
    expect(
      await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'),
    ).toBe('[{},{},""]');
    expect(provider.exchanges.at(-1)?.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
    expect(provider.exchanges.at(-1)?.has('client_secret')).toBe(false);
  });

  test('an unrequested answer, or a code that the issuer refuses, does not sign the person in', async () => {
    const page = await open(/401|400/);
    await page.goto(`${server.url}/console/signed-in?code=stolen&state=forged`);
    await page.getByText('Signing in failed: This page did not ask to sign in.').waitFor();
    expect(provider.exchanges.some((parameters) => parameters.get('code') === 'stolen')).toBe(false);

    provider.breaksCodes = true;
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await page.getByRole('link', { name: 'Sign in as coach' }).click();
    await page.getByText(/^Signing in failed: /).waitFor();

    expect(new URL(page.url()).search).toBe('');
  });

  test('scripts of the page may call the issuer and no other host', async () => {
    const { headers } = await fetch(`${server.url}/console/`);

    expect(headers.get('content-security-policy')).toContain(`; connect-src 'self' ${provider.url}; `);
  });
});
