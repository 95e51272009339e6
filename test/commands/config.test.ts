/** The command config: what it shows, what it hides, and what it finds before a start does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/config/default-limits.ts';
import { runCommand } from '../support/service-process.ts';

const TOKENS = { AUTH_MODE: 'jwt', AUTH_ISSUER: 'https://issuer.example', AUTH_AUDIENCE: 'progression' };

test('config print shows what is in force, without a password', async () => {
  const { code, stdout, stderr } = await runCommand(['config', 'print'], {
    DATABASE_URL: 'postgres://me:kanarie@a,b/mine?sslpassword=kanarie&application_name=mine',
    MIGRATION_DATABASE_URL: 'postgres://owner:ka/na@rie@a/mine',
    REDIS_URL: 'rediss://me:kanarie@redis:6379',
    PGPASSWORD: 'kanarie',
    CONNECTION_AGE_MS: '60000',
  });

  expect([code, stderr]).toEqual([0, '']);
  const shown = JSON.parse(stdout);
  expect(shown).toMatchObject({
    databaseUrl: 'postgres://me:***@a,b/mine?sslpassword=***&application_name=mine',
    migrationDatabaseUrl: 'postgres://owner:***@a/mine',
    redisUrl: 'rediss://me:***@redis:6379',
    connectionVariables: { PGPASSWORD: '***' },
    auth: { mode: 'none' },
  });
  expect(shown.limits).toEqual({ ...DEFAULT_LIMITS, connectionAgeMs: 60_000 });
  expect(stdout).not.toMatch(/kanarie|na@rie/);
});

describe('config check', () => {
  test('finds nothing wrong with the defaults, and starts nothing', async () => {
    expect(await runCommand(['config', 'check'], { DATA_DIR: '/nowhere/at/all', PORT: '1' })).toMatchObject({
      code: 0,
      stdout: 'the configuration is complete\n',
      stderr: '',
    });
  });

  test.each([
    [
      'a port that others reach without credentials',
      { HOST: '0.0.0.0' },
      /^AUTH_MODE none lets everybody in/,
    ],
    ['a database URL', { DATABASE_URL: 'my-database' }, /^DATABASE_URL must look like /],
    [
      'a certificate',
      { TLS_CERT_FILE: '/nowhere/tls.crt', TLS_KEY_FILE: '/nowhere/tls.key' },
      /\/nowhere\/tls\.crt/,
    ],
    ['a key', { ...TOKENS, AUTH_PUBLIC_KEY_FILE: '/nowhere/key.pem' }, /\/nowhere\/key\.pem/],
    ['a variable', { AUTH_ISUER: 'x' }, /did you mean AUTH_ISSUER\?/],
  ])('finds %s that a start would refuse, in one line', async (_, environment, message) => {
    const { code, stdout, stderr } = await runCommand(['config', 'check'], environment);

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test('asks no issuer for its keys', async () => {
    const environment = { ...TOKENS, AUTH_JWKS_URL: 'https://issuer.invalid/keys' };
    expect(await runCommand(['config', 'check'], environment)).toMatchObject({ code: 0, stderr: '' });
  });
});

test('config takes no other action', async () => {
  expect(await runCommand(['config', 'show'])).toMatchObject({
    code: 1,
    stderr: 'config takes print, check, not "show"\n',
  });
});

test('--version says which version this is, and of Node', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect(await runCommand(['--version'])).toMatchObject({
    code: 0,
    stdout: `progression-service ${version}, Node ${process.version}\n`,
  });
});
