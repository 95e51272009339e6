/** Client certificates over real TLS: the principal of each, and that a token and a certificate must agree. */
import { Code, type ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallContext, callContextOf } from '../../../src/calls/call-context.ts';
import { readConfig } from '../../../src/config/config.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { createAuthenticator } from '../../../src/server/access/authenticator.ts';
import { readCertificatePrincipals } from '../../../src/server/access/client-certificate.ts';
import { createLogger } from '../../../src/server/logger.ts';
import { claimsOf, createIssuer, type Issuer, temporaryFile } from '../../access/credentials.ts';
import { type Certificate, createAuthority } from '../../support/certificates.ts';
import { failureOf, startTestServer, USER_ID } from '../test-server.ts';

const ACCOUNT_ID = uuidv7();
const OTHER_ACCOUNT_ID = uuidv7();
const SCHEDULE = 'URI:spiffe://example.org/schedule';
const PORTAL = 'DNS:portal.example.org';

const PRINCIPALS = {
  [SCHEDULE]: { account: ACCOUNT_ID.toUpperCase(), subject: 'schedule', roles: ['service'] },
  [PORTAL]: { account: ACCOUNT_ID, subject: 'portal', roles: ['coach', 'read-only'] },
};

const authority = createAuthority();
const server = authority.issue(['DNS:localhost', 'IP:127.0.0.1']);
const schedule = authority.issue([SCHEDULE]);
const portal = authority.issue(['DNS:elsewhere.example.org', PORTAL]);

const TRANSPORTS = { gRPC: createGrpcTransport, 'Connect over HTTP/1.1': http1Transport };

function http1Transport(options: { baseUrl: string; nodeOptions?: object }): Transport {
  return createConnectTransport({ httpVersion: '1.1', ...options });
}

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer();
});
afterAll(() => issuer.close());

/** A server that remembers who called it. */
async function startSecureServer(mode: string, principals: unknown = PRINCIPALS) {
  const config = readConfig({
    AUTH_MODE: mode,
    AUTH_PRINCIPALS_FILE: temporaryFile(JSON.stringify(principals)),
    TLS_CERT_FILE: temporaryFile(server.certificate),
    TLS_KEY_FILE: temporaryFile(server.key),
    TLS_CLIENT_CA_FILE: temporaryFile(authority.certificate),
    ...issuer.environment,
  });
  const { authenticate } = await createAuthenticator(config.auth, config.limits, createLogger('silent'));
  const calls: CallContext[] = [];
  const { url } = await startTestServer({
    tls: config.tls,
    authenticate,
    users: {
      getUser(_, context) {
        calls.push(callContextOf(context));
        return {};
      },
    },
  });
  function usersOf(client: Certificate | undefined, transport = TRANSPORTS.gRPC) {
    const nodeOptions = { ca: authority.certificate, cert: client?.certificate, key: client?.key };
    return createClient(UserService, transport({ baseUrl: url, nodeOptions }));
  }
  function getUser(client: Certificate | undefined, token?: string, transport = TRANSPORTS.gRPC) {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    return usersOf(client, transport).getUser({ userId: USER_ID }, { headers });
  }
  return { calls, usersOf, getUser };
}

describe('AUTH_MODE mtls', () => {
  test.each(Object.entries(TRANSPORTS))(
    'identifies a caller by a name of the certificate, over %s',
    async (_, transport) => {
      const { calls, getUser } = await startSecureServer('mtls');
      await getUser(schedule, undefined, transport);
      await getUser(portal, undefined, transport);
      expect(calls).toMatchObject([
        { accountId: ACCOUNT_ID, actor: 'schedule' },
        { accountId: ACCOUNT_ID, actor: 'portal' },
      ]);
    },
  );

  test.each<[string, readonly string[], RegExp]>([
    ['a name that matches no principal', ['DNS:stranger.example.org'], /has 0 names/],
    ['the right name of the wrong kind', [`DNS:${SCHEDULE.slice(4)}`], /has 0 names/],
    ['two names that match principals', [SCHEDULE, PORTAL], /has 2 names/],
    ['a name that only looks like two', [`DNS:x.example.org, ${SCHEDULE}`], /has 0 names/],
  ])('refuses %s', async (_, names, message) => {
    const { calls, getUser } = await startSecureServer('mtls');
    expect(await failureOf(getUser(authority.issue(names)))).toMatchObject({
      code: Code.Unauthenticated,
      reason: 'UNAUTHENTICATED',
      message: expect.stringMatching(message),
    });
    expect(calls).toEqual([]);
  });

  test.each<[string, Certificate | undefined]>([
    ['no certificate', undefined],
    ["another authority's", createAuthority().issue([SCHEDULE])],
    [
      "another authority's that calls itself by our name",
      createAuthority('Test authority').issue([SCHEDULE]),
    ],
    ['one that has expired', authority.issue([SCHEDULE], { notAfter: new Date(Date.now() - 60_000) })],
  ])('ends the TLS handshake of %s', async (_, certificate) => {
    const { calls, getUser } = await startSecureServer('mtls');
    const error: ConnectError = await getUser(certificate).then(
      () => expect.fail('it was let in'),
      (refusal) => refusal,
    );
    expect(error.details).toEqual([]);
    expect(calls).toEqual([]);
  });

  test('a certificate that expires during its connection is refused from then on', async () => {
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000);
    const { calls, usersOf } = await startSecureServer('mtls');
    const users = usersOf(authority.issue([SCHEDULE], { notAfter }));
    const call = () => users.getUser({ userId: USER_ID });
    await call();
    await expect
      .poll(() => call().catch((error: ConnectError) => error.rawMessage))
      .toBe('the client certificate has expired');
    expect(calls.length).toBeGreaterThan(0);
  });
});

describe('AUTH_MODE jwt+mtls', () => {
  test('takes the subject of the token, with the roles that the certificate has too', async () => {
    const { calls, getUser } = await startSecureServer('jwt+mtls');
    await getUser(portal, await issuer.mint(claimsOf(ACCOUNT_ID, 'coach-7', ['coach', 'admin'])));
    expect(calls).toMatchObject([{ accountId: ACCOUNT_ID, actor: 'coach-7' }]);
    const denied = getUser(portal, await issuer.mint(claimsOf(ACCOUNT_ID, 'admin-1', ['admin'])));
    expect(await failureOf(denied)).toMatchObject({ reason: 'PERMISSION_DENIED' });
  });

  test('refuses a token of another account than the certificate', async () => {
    const { calls, getUser } = await startSecureServer('jwt+mtls');
    const call = getUser(portal, await issuer.mint(claimsOf(OTHER_ACCOUNT_ID, 'coach-7', ['coach'])));
    expect(await failureOf(call)).toMatchObject({ code: Code.PermissionDenied, reason: 'ACCOUNT_MISMATCH' });
    expect(calls).toEqual([]);
  });

  test('refuses a certificate without a token', async () => {
    const { getUser } = await startSecureServer('jwt+mtls');
    expect(await failureOf(getUser(portal))).toMatchObject({ reason: 'UNAUTHENTICATED' });
  });

  test('refuses a token when no name in the certificate matches a principal', async () => {
    const { getUser } = await startSecureServer('jwt+mtls');
    const token = await issuer.mint(claimsOf(ACCOUNT_ID, 'coach-7', ['coach']));
    expect(await failureOf(getUser(authority.issue(['DNS:x.test']), token))).toMatchObject({
      reason: 'UNAUTHENTICATED',
    });
  });
});

describe('the file of principals is refused', () => {
  test.each<[string, string, RegExp]>([
    ['no JSON', '{', /JSON/],
    ['a list', '[]', /not a JSON object/],
    ['a name of another kind', '{"IP:127.0.0.1": {}}', /neither URI: nor DNS:/],
    ['no account', `{"${PORTAL}": {"subject": "x", "roles": []}}`, /account is not a UUID/],
    ['null as a principal', `{"${PORTAL}": null}`, /account is not a UUID/],
    ['no subject', `{"${PORTAL}": {"account": "${ACCOUNT_ID}", "roles": []}}`, /subject/],
    [
      'roles that are no list',
      `{"${PORTAL}": {"account": "${ACCOUNT_ID}", "subject": "x", "roles": "coach"}}`,
      /roles/,
    ],
  ])('with %s', (_, text, message) => {
    expect(() => readCertificatePrincipals(temporaryFile(text))).toThrow(message);
  });

  test('when it is not there', () => {
    expect(() => readCertificatePrincipals('/nowhere.json')).toThrow(/AUTH_PRINCIPALS_FILE \/nowhere.json/);
  });
});
