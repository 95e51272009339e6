/** The issuer's keys: rotated, cached, looked for again, and kept while the issuer is away. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { followPublishedKeys, type PublishedKeysLimits } from '../../../src/server/access/published-keys.ts';

interface Key {
  readonly jwk: JWK;
  /** A token that names the key. */
  token(): Promise<string>;
}

async function createKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  return { jwk, token: () => new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey) };
}

/** Publishes keys on the loopback interface; counts how often it was asked. */
async function startIssuer(...published: Key[]) {
  const state = { keys: published, asked: 0, body: undefined as string | undefined, status: 200 };
  const server = createServer((_, response) => {
    state.asked += 1;
    response.statusCode = state.status;
    response.end(state.body ?? JSON.stringify({ keys: state.keys.map(({ jwk }) => jwk) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { state, server, port, url: `http://127.0.0.1:${port}/keys` };
}

const NEVER_MS = 3_600_000;

async function follow(url: string, limits: Partial<PublishedKeysLimits> = {}) {
  const failures: unknown[] = [];
  const keys = await followPublishedKeys(
    url,
    { ...readConfig({}).limits, keysRefreshMs: NEVER_MS, keysCooldownMs: NEVER_MS, ...limits },
    (error) => failures.push(error),
  );
  onTestFinished(() => keys.close());
  const verify = async (key: Key) => {
    await jwtVerify(await key.token(), keys.keyOf);
  };
  return { verify, failures };
}

test('keys are fetched once, and used from then on', async () => {
  const key = await createKey('a');
  const { url, state } = await startIssuer(key);
  const { verify } = await follow(url);
  for (let call = 0; call < 20; call += 1) {
    await verify(key);
  }
  expect(state.asked).toBe(1);
});

test('a token that names an unknown key makes the service fetch the keys again', async () => {
  const [first, second] = [await createKey('a'), await createKey('b')];
  const { url, state } = await startIssuer(first);
  const { verify } = await follow(url, { keysCooldownMs: 0 });
  state.keys = [first, second];
  await Promise.all([verify(second), verify(second), verify(first)]);
  expect(state.asked).toBe(2);
});

test('a key that the issuer has withdrawn is trusted until the next fetch at most', async () => {
  const [first, second] = [await createKey('a'), await createKey('b')];
  const { url, state } = await startIssuer(first);
  const { verify } = await follow(url, { keysRefreshMs: 20 });
  state.keys = [second];
  await expect.poll(() => verify(first).catch((error) => error.code)).toBe('ERR_JWKS_NO_MATCHING_KEY');
  await verify(second);
});

test('unknown keys make the service ask the issuer once per cooldown, not once per token', async () => {
  const [known, unknown] = [await createKey('a'), await createKey('b')];
  const { url, state } = await startIssuer(known);
  const { verify } = await follow(url);
  for (let call = 0; call < 20; call += 1) {
    await expect(verify(unknown)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  }
  expect(state.asked).toBe(1);
});

describe('while the issuer is unavailable', () => {
  test('known keys stay, and unknown ones may be retried', async () => {
    const [known, unknown] = [await createKey('a'), await createKey('b')];
    const { url, server } = await startIssuer(known);
    const { verify, failures } = await follow(url, { keysCooldownMs: 0 });
    server.closeAllConnections();
    server.close();
    await expect(verify(unknown)).rejects.toMatchObject({ reason: 'KEYS_UNAVAILABLE' });
    await verify(known);
    expect(failures).toHaveLength(1);
  });

  test('a start finds no keys, and fetches them when the issuer is back', async () => {
    const key = await createKey('a');
    const { url, state } = await startIssuer(key);
    state.status = 503;
    const { verify, failures } = await follow(url, { keysCooldownMs: 0 });
    await expect(verify(key)).rejects.toMatchObject({ reason: 'KEYS_UNAVAILABLE' });
    state.status = 200;
    await verify(key);
    expect(failures).toHaveLength(2);
  });
});

test.each([
  ['no JSON', '<html>'],
  ['JSON of another kind', '{"keys": 7}'],
  ['larger than the limit', `{"keys": [], "more": "${'x'.repeat(300_000)}"}`],
])('an answer that is %s leaves the known keys as they are', async (_, body) => {
  const key = await createKey('a');
  const { url, state } = await startIssuer(key);
  const { verify, failures } = await follow(url, { keysRefreshMs: 10 });
  state.body = body;
  await expect.poll(() => failures.length).toBeGreaterThan(0);
  await verify(key);
});
