/** Bearer tokens over a real socket: which are accepted, as whom, and that none of them is ever written down. */
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { exportJWK, generateKeyPair, type JWTPayload } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type CallContext, callContextOf } from '../../../src/calls/call-context.ts';
import { readConfig } from '../../../src/config/config.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { createAuthenticator } from '../../../src/server/access/authenticator.ts';
import { createLogger } from '../../../src/server/logger.ts';
import { claimsOf, createIssuer, type Issuer, temporaryFile } from '../../access/credentials.ts';
import { failureOf, postJson, startTestServer, USER_ID } from '../test-server.ts';

const ACCOUNT_ID = uuidv7();
const GET_USER = 'progression.v1.UserService/GetUser';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer();
});
afterAll(() => issuer.close());

const nowS = () => Math.floor(Date.now() / 1000);
const coach = (change: JWTPayload = {}) => ({ ...claimsOf(ACCOUNT_ID, 'coach-7', ['coach']), ...change });

/** A server that accepts the issuer's tokens and remembers who called. */
async function startServerFor(trusted: Issuer, environment: Record<string, string> = {}) {
  const config = readConfig({ AUTH_MODE: 'jwt', ...trusted.environment, ...environment });
  const own: unknown[] = [];
  const logger = createLogger('debug', { write: (line) => own.push(JSON.parse(line)) });
  const { authenticate, close } = await createAuthenticator(config.auth, config.limits, logger);
  onTestFinished(close);
  const calls: CallContext[] = [];
  const server = await startTestServer({
    authenticate,
    users: {
      getUser(_, context) {
        calls.push(callContextOf(context));
        return {};
      },
    },
  });
  const users = createClient(UserService, createGrpcTransport({ baseUrl: server.url }));
  const getUser = (token: string, headers: Record<string, string> = {}) =>
    users.getUser({ userId: USER_ID }, { headers: { authorization: `Bearer ${token}`, ...headers } });
  return { server, calls, own, getUser };
}

describe('an accepted token', () => {
  test.each(['ES256', 'RS256', 'EdDSA'])('may be signed with %s', async (alg) => {
    const trusted = await createIssuer(alg);
    onTestFinished(() => trusted.close());
    const { calls, getUser } = await startServerFor(trusted);
    await getUser(await trusted.mint(coach()));
    expect(calls).toMatchObject([{ accountId: ACCOUNT_ID, actor: 'coach-7' }]);
  });

  test('decides about account and actor, and the metadata does not', async () => {
    const { calls, getUser } = await startServerFor(issuer);
    const token = await issuer.mint(coach({ account_id: ACCOUNT_ID.toUpperCase() }));
    await getUser(token, { 'x-actor': 'somebody', 'x-account-id': ACCOUNT_ID.toUpperCase() });
    expect(calls).toMatchObject([{ accountId: ACCOUNT_ID, actor: 'coach-7' }]);
  });

  test('may have expired, or become valid, within half a minute, because clocks differ', async () => {
    const { calls, getUser } = await startServerFor(issuer);
    await getUser(await issuer.mint(coach({ exp: nowS() - 20 })));
    await getUser(await issuer.mint(coach({ nbf: nowS() + 20 })));
    expect(calls).toHaveLength(2);
  });

  test('may name several audiences', async () => {
    const { calls, getUser } = await startServerFor(issuer);
    await getUser(await issuer.mint(coach({ aud: ['another', 'progression-test'] })));
    expect(calls).toHaveLength(1);
  });

  test('has its account and roles in the claims that the configuration names', async () => {
    const { calls, getUser } = await startServerFor(issuer, {
      AUTH_ACCOUNT_CLAIM: 'https://example.org/tenant',
      AUTH_ROLES_CLAIM: 'groups',
    });
    const claims = coach({ 'https://example.org/tenant': ACCOUNT_ID, groups: ['read-only'], account_id: 7 });
    await getUser(await issuer.mint(claims));
    expect(calls).toMatchObject([{ accountId: ACCOUNT_ID }]);
  });
});

describe('a token is refused', () => {
  test.each<[string, JWTPayload, string]>([
    ['long expired', { exp: nowS() - 40 }, 'the token has expired'],
    ['far from valid', { nbf: nowS() + 60 }, `the token's claim nbf is missing or not acceptable`],
    ['without expiry', { exp: undefined }, `the token's claim exp is missing or not acceptable`],
    ['of no account', { account_id: 'acme' }, `the credential's claim account_id is not a UUID`],
    ['of an empty subject', { sub: '' }, `the credential's claim sub is not a name of 1 to 200 characters`],
    ['of a long subject', { sub: 'x'.repeat(201) }, `the credential's claim sub is not a name`],
    ['of a subject with a line break', { sub: 'x\ny' }, `the credential's claim sub is not a name`],
    [
      'with roles in one text',
      { roles: 'admin coach' },
      `the credential's claim roles is not a list of names`,
    ],
  ])('%s', async (_, change, message) => {
    const { calls, getUser } = await startServerFor(issuer);
    expect(await failureOf(getUser(await issuer.mint(coach(change))))).toMatchObject({
      code: Code.Unauthenticated,
      reason: 'UNAUTHENTICATED',
      message: expect.stringContaining(message),
    });
    expect(calls).toEqual([]);
  });

  test('of an algorithm that the configuration does not name', async () => {
    const { getUser } = await startServerFor(issuer, { AUTH_ALGORITHMS: 'RS256,EdDSA' });
    expect(await failureOf(getUser(await issuer.mint(coach())))).toMatchObject({ reason: 'UNAUTHENTICATED' });
  });
});

test('while no key is known, callers are told to retry', async () => {
  const { getUser, own } = await startServerFor(issuer, {
    AUTH_PUBLIC_KEY_FILE: '',
    AUTH_JWKS_URL: 'http://127.0.0.1:1/keys',
  });
  expect(await failureOf(getUser(await issuer.mint(coach(), { kid: 'a' })))).toMatchObject({
    code: Code.Unavailable,
    reason: 'KEYS_UNAVAILABLE',
    retryDelay: { seconds: 1n },
  });
  expect(own).toMatchObject([{ msg: "the issuer's keys could not be fetched" }]);
});

test.each<[string, () => Promise<string>]>([
  ['nothing', async () => ''],
  ['no key', async () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
  ['a JWK', async () => JSON.stringify(await exportJWK((await generateKeyPair('ES256')).publicKey))],
])('a key file with %s ends the start with one line', async (_, text) => {
  const path = temporaryFile(await text());
  const { auth, limits } = readConfig({
    AUTH_MODE: 'jwt',
    ...issuer.environment,
    AUTH_PUBLIC_KEY_FILE: path,
  });
  await expect(createAuthenticator(auth, limits, createLogger('silent'))).rejects.toThrow(
    `cannot use AUTH_PUBLIC_KEY_FILE ${path}: `,
  );
});

test('no part of a token is logged or answered, accepted or refused', async () => {
  const { server, own, getUser } = await startServerFor(issuer);
  const canary = 'canary-5d1e';
  const tokens = [
    await issuer.mint(coach()),
    await issuer.mint(coach({ exp: 1, sub: canary })),
    await issuer.mint(coach({ account_id: canary })),
    await issuer.mint(coach({ iss: canary })),
    `${await issuer.mint(coach())}${canary}`,
    canary,
  ];
  const answers: unknown[] = [];
  for (const token of tokens) {
    answers.push(await getUser(token).catch((error: Error) => ({ ...error, message: error.message })));
    const authorization = `Bearer ${token}`;
    answers.push(await postJson(server.url, GET_USER, { userId: USER_ID }, { authorization }));
    answers.push(await postJson(server.url, GET_USER, '{', { authorization }));
    answers.push(await postJson(server.url, GET_USER, { userId: USER_ID }, { authorization: token }));
  }
  expect(server.logged).toHaveLength(4 * tokens.length);
  const written = JSON.stringify([server.logged, own, answers], (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
  for (const token of tokens) {
    for (const part of token.split('.')) {
      expect(written).not.toContain(part);
    }
  }
  expect(written).not.toContain(canary);
});
