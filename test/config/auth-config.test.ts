/** The configuration of authentication, and when the service refuses to start. */
import { describe, expect, test } from 'vitest';
import { type AuthConfig, readAuthConfig, requireSafeBinding } from '../../src/config/auth-config.ts';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { readTlsConfig } from '../../src/config/tls-config.ts';
import { runCommand } from '../support/service-process.ts';

const JWT = {
  AUTH_MODE: 'jwt',
  AUTH_JWKS_URL: 'https://issuer.example.org/keys',
  AUTH_ISSUER: 'https://issuer.example.org',
  AUTH_AUDIENCE: 'progression',
};
const MTLS = { AUTH_MODE: 'mtls', AUTH_PRINCIPALS_FILE: '/etc/principals.json' };
const TLS = {
  TLS_CERT_FILE: '/tls/server.pem',
  TLS_KEY_FILE: '/tls/key.pem',
  TLS_CLIENT_CA_FILE: '/tls/ca.pem',
};

describe('AUTH_MODE', () => {
  test('is none by default', () => {
    expect(readAuthConfig({})).toEqual({ mode: 'none' });
  });

  test('jwt has default claims and algorithms', () => {
    expect(readAuthConfig(JWT)).toEqual({
      mode: 'jwt',
      token: {
        keysUrl: 'https://issuer.example.org/keys',
        publicKeyFile: '',
        issuer: 'https://issuer.example.org',
        audience: 'progression',
        algorithms: ['RS256', 'ES256', 'EdDSA'],
        accountClaim: 'account_id',
        rolesClaim: 'roles',
      },
    });
    const more = {
      AUTH_ALGORITHMS: 'EdDSA, RS256',
      AUTH_ACCOUNT_CLAIM: 'tenant',
      AUTH_ROLES_CLAIM: 'groups',
    };
    expect(readAuthConfig({ ...JWT, ...more })).toMatchObject({
      token: { algorithms: ['EdDSA', 'RS256'], accountClaim: 'tenant', rolesClaim: 'groups' },
    });
  });

  test('jwt+mtls has the settings of both', () => {
    const auth = readAuthConfig({ ...MTLS, ...JWT, AUTH_MODE: 'jwt+mtls' });
    expect(auth).toMatchObject({
      mode: 'jwt+mtls',
      token: { audience: 'progression' },
      principalsFile: '/etc/principals.json',
    });
  });

  test.each([
    ['https://issuer.example.org/keys'],
    ['http://localhost:7000/keys'],
    ['http://127.0.0.1:7000/keys'],
    ['http://[::1]:7000/keys'],
  ])('jwt takes keys from %s', (url) => {
    expect(readAuthConfig({ ...JWT, AUTH_JWKS_URL: url })).toMatchObject({ token: { keysUrl: url } });
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['of another name', { AUTH_MODE: 'basic' }, /one of none, jwt, mtls, jwt\+mtls, not "basic"/],
    ['jwt without keys', { ...JWT, AUTH_JWKS_URL: '' }, /AUTH_JWKS_URL and AUTH_PUBLIC_KEY_FILE/],
    ['jwt with two kinds of keys', { ...JWT, AUTH_PUBLIC_KEY_FILE: 'key.pem' }, /not both/],
    ['jwt without an issuer', { ...JWT, AUTH_ISSUER: '' }, /needs AUTH_ISSUER/],
    ['jwt without an audience', { ...JWT, AUTH_AUDIENCE: '' }, /needs AUTH_AUDIENCE/],
    ['jwt with a symmetric algorithm', { ...JWT, AUTH_ALGORITHMS: 'RS256,HS256' }, /not "RS256,HS256"/],
    ['jwt with no algorithm', { ...JWT, AUTH_ALGORITHMS: 'none' }, /not "none"/],
    ['jwt with keys in clear text', { ...JWT, AUTH_JWKS_URL: 'http://issuer.example.org' }, /https/],
    ['jwt with keys from a file address', { ...JWT, AUTH_JWKS_URL: 'file:///keys' }, /https/],
    ['jwt with an address that is none', { ...JWT, AUTH_JWKS_URL: 'keys' }, /https/],
    ['mtls without principals', { AUTH_MODE: 'mtls' }, /needs AUTH_PRINCIPALS_FILE/],
  ])('%s is refused', (_, environment, message) => {
    expect(() => readAuthConfig(environment)).toThrow(ConfigError);
    expect(() => readAuthConfig(environment)).toThrow(message);
  });
});

describe('TLS', () => {
  test('is off by default', () => {
    expect(readTlsConfig({})).toBeUndefined();
  });

  test('asks clients for a certificate when it has their authority', () => {
    expect(readConfig({ ...MTLS, ...TLS }).tls).toEqual({
      certificateFile: '/tls/server.pem',
      keyFile: '/tls/key.pem',
      clientAuthorityFile: '/tls/ca.pem',
    });
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['a certificate without its key', { TLS_CERT_FILE: 'a' }, /go together/],
    ['a key without its certificate', { TLS_KEY_FILE: 'a' }, /go together/],
    ['an authority alone', { TLS_CLIENT_CA_FILE: 'a' }, /goes with/],
    ['mtls in clear text', MTLS, /AUTH_MODE mtls needs TLS_CERT_FILE/],
    [
      'mtls without an authority for client certificates',
      { ...MTLS, ...TLS, TLS_CLIENT_CA_FILE: '' },
      /AUTH_MODE mtls needs/,
    ],
  ])('%s is refused', (_, environment, message) => {
    expect(() => readConfig(environment)).toThrow(message);
  });
});

describe('AUTH_MODE none', () => {
  const none: AuthConfig = { mode: 'none' };

  test.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('is accepted on %s', (host) => {
    expect(() => requireSafeBinding(host, none)).not.toThrow();
  });

  test.each(['0.0.0.0', '::', '10.0.0.7', '::ffff:10.0.0.7', 'example.org', 'localhost.example.org'])(
    'is refused on %s',
    (host) => {
      expect(() => requireSafeBinding(host, none)).toThrow(ConfigError);
    },
  );

  test('has no such restriction with credentials', () => {
    expect(() => requireSafeBinding('0.0.0.0', readAuthConfig(JWT))).not.toThrow();
  });

  test('ends an unsafe start with one line, before anything is opened', async () => {
    const ended = await runCommand(['serve'], {
      HOST: '0.0.0.0',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x',
    });
    expect(ended).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr:
        'AUTH_MODE none lets everybody in, so HOST must be a loopback address such as 127.0.0.1, not "0.0.0.0"; ' +
        'to listen there set AUTH_MODE to jwt, mtls or jwt+mtls, or TRIAL to on for a key and a token of this process\n',
    });
  });
});
