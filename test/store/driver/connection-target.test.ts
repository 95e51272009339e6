/** What a connection URL says, and what is refused in one line. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConnectionTarget } from '../../../src/store/driver/connection-target.ts';
import { createAuthority } from '../../support/certificates.ts';

const files = mkdtempSync(join(tmpdir(), 'progression-certificates-'));
const authority = createAuthority();
const client = authority.issue(['DNS:client']);
const file = (name: string) => join(files, name);
beforeAll(() => {
  writeFileSync(file('root.crt'), authority.certificate);
  writeFileSync(file('client.crt'), client.certificate);
  writeFileSync(file('client.key'), client.key, { mode: 0o600 });
  writeFileSync(file('other.key'), createAuthority().key, { mode: 0o600 });
  writeFileSync(file('open.key'), client.key);
  chmodSync(file('open.key'), 0o644);
  writeFileSync(file('empty.crt'), 'nothing');
});
afterAll(() => rmSync(files, { recursive: true }));

const user = userInfo().username;

describe('a URL', () => {
  test.each([
    ['postgres://me:secret@db:6432/mine', { user: 'me', password: 'secret', place: 'db:6432/mine' }],
    ['postgresql://me@db/mine', { user: 'me', password: undefined, place: 'db:5432/mine' }],
    ['postgres://db', { user, database: user, place: `db:5432/${user}` }],
    ['postgres://me@', { database: 'me', place: 'localhost:5432/me' }],
    ['postgres://me:a%40b%2Fc%25d+e:f@db/my%20base', { password: 'a@b/c%d+e:f', place: 'db:5432/my base' }],
    ['postgres://db/mine?user=me&password=p%26q', { user: 'me', password: 'p&q', database: 'mine' }],
    ['postgres://db/mine?dbname=other', { database: 'other' }],
    ['postgres://[::1]:6432/mine', { addresses: [{ host: '::1', port: 6432 }], place: '[::1]:6432/mine' }],
    ['postgres://%2Fvar%2Frun/mine', { addresses: [{ host: '/var/run', port: 5432 }] }],
    ['postgres:///mine?host=/var/run&port=6432', { addresses: [{ host: '/var/run', port: 6432 }] }],
    ['postgres://db/mine?host=other', { addresses: [{ host: 'other', port: 5432 }] }],
    ['postgres://db/mine?user=&port=', { user, place: 'db:5432/mine' }],
    ['postgres://a,b/mine?port=6432', { place: 'a:6432,b:6432/mine' }],
    ['postgres://a:1,b,[::1]:3/mine', { place: 'a:1,b:5432,[::1]:3/mine' }],
    ['postgres:///mine?host=a,b&port=1,2', { place: 'a:1,b:2/mine' }],
    ['postgres://db/mine', { sessionAttributes: 'any', connectTimeoutMs: undefined }],
    ['postgres://db/mine?target_session_attrs=prefer-standby', { sessionAttributes: 'prefer-standby' }],
    ['postgres://db/mine?connect_timeout=3', { connectTimeoutMs: 3_000 }],
    ['postgres://db/mine?connect_timeout=0', { connectTimeoutMs: undefined }],
    ['postgres://db/mine?application_name=us&options=-c%20geqo%3Doff', { options: '-c geqo=off' }],
    ['postgres://db/mine', { encryption: expect.objectContaining({ mode: 'prefer' }) }],
    ['postgres://db/mine?ssl=true', { encryption: expect.objectContaining({ mode: 'require' }) }],
    [
      'postgres://db/mine?sslrootcert=system',
      { encryption: expect.objectContaining({ mode: 'verify-full' }) },
    ],
  ])('%s', (url, target) => {
    expect(readConnectionTarget(url)).toMatchObject(target);
  });

  test('of several hosts without a port leaves the port to the environment', () => {
    const target = readConnectionTarget('postgres://a,b/mine', 'DATABASE_URL', { PGPORT: '6432' });
    expect(target.place).toBe('a:6432,b:6432/mine');
  });

  test('takes from the environment what it does not say, as libpq does', () => {
    const environment = {
      ...{ PGHOST: 'a,b', PGPORT: '6432', PGUSER: 'me', PGDATABASE: 'mine', PGSSLMODE: 'disable' },
      ...{ PGTARGETSESSIONATTRS: 'read-write', PGCONNECT_TIMEOUT: '7', PGAPPNAME: '', PGPASSWORD: 'secret' },
    };
    expect(readConnectionTarget('postgres://', 'DATABASE_URL', environment)).toMatchObject({
      ...{ place: 'a:6432,b:6432/mine', user: 'me', password: undefined, applicationName: undefined },
      ...{ sessionAttributes: 'read-write', connectTimeoutMs: 7_000 },
      encryption: expect.objectContaining({ mode: 'disable' }),
    });
    expect(
      readConnectionTarget('postgres://you@c:1/yours?sslmode=allow', 'DATABASE_URL', environment),
    ).toMatchObject({
      ...{ place: 'c:1/yours', user: 'you' },
      encryption: expect.objectContaining({ mode: 'allow' }),
    });
  });
});

describe('a URL is refused in one line', () => {
  const SHAPE = 'DATABASE_URL must look like postgres://user:password@host:5432/database';
  const HOST =
    'DATABASE_URL has a host that is none: each must look like host:5432, or [address]:5432 for IPv6';
  test.each([
    ['my-database', SHAPE],
    ['mysql://db/mine', SHAPE],
    ['postgres:/mine', SHAPE],
    ['postgres://::1/mine', HOST],
    ['postgres://db:http/mine', HOST],
    ['postgres://a:1,b:x/mine', HOST],
    ['postgres://a,/mine', 'DATABASE_URL: host must name every one of several hosts'],
    ['postgres://@db/mine?host=@socket', /abstract sockets are not supported/],
    ['postgres://db:0/mine', 'DATABASE_URL: port must be a whole number from 1 to 65535, not "0"'],
    ['postgres://db:65536/mine', 'DATABASE_URL: port must be a whole number from 1 to 65535, not "65536"'],
    [
      'postgres://a,b,c/mine?port=1,2',
      'DATABASE_URL: port must be one for all hosts or one for each, not 2 for 3',
    ],
    ['postgres://me:100%@db/mine', /has a % that no two hexadecimal digits follow/],
    ['postgres://db/mine?sslmode', /must be name=value pairs/],
    [
      'postgres://db/mine?schema=other',
      /^DATABASE_URL: the parameter "schema" is not supported; supported are app/,
    ],
    ['postgres://db/mine?channel_binding=require', /the parameter "channel_binding" is not supported/],
    ['postgres://db/mine?schema=', /the parameter "schema" is not supported/],
    ['postgres://db/mine?sslmode=', /sslmode must be one of disable, .*, not ""$/],
    ['postgres://db/mine?toString=1', /the parameter "toString" is not supported/],
    [
      'postgres://db/mine?sslmode=verify',
      'DATABASE_URL: sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full, not "verify"',
    ],
    [
      'postgres://db/mine?target_session_attrs=master',
      'DATABASE_URL: target_session_attrs must be one of any, read-write, read-only, primary, standby, prefer-standby, not "master"',
    ],
    [
      'postgres://db/mine?connect_timeout=soon',
      /connect_timeout must be a whole number of seconds, not "soon"/,
    ],
    [
      'postgres://db/mine?sslmode=verify-full',
      /sslmode=verify-full needs sslrootcert, a file of certificates or/,
    ],
    ['postgres://db/mine?sslmode=verify-ca', /sslmode=verify-ca needs sslrootcert/],
    ['postgres://db/mine?sslmode=require&sslrootcert=system', /goes with sslmode=verify-full, not require/],
    [
      `postgres://db/mine?sslrootcert=${file('none.crt')}`,
      /^DATABASE_URL: sslrootcert \S+ cannot be read: ENOENT$/,
    ],
    [`postgres://db/mine?sslrootcert=${file('empty.crt')}`, /sslrootcert \S+ has no certificate in PEM form/],
    [`postgres://db/mine?sslcert=${file('client.crt')}`, 'DATABASE_URL: sslcert goes with sslkey'],
    [`postgres://db/mine?sslkey=${file('client.key')}`, 'DATABASE_URL: sslkey goes with sslcert'],
    [
      `postgres://db/mine?sslcert=${file('client.crt')}&sslkey=${file('none.key')}`,
      /sslkey \S+ cannot be read/,
    ],
    [
      `postgres://db/mine?sslcert=${file('client.crt')}&sslkey=${file('open.key')}`,
      /sslkey \S+ can be read by others; its permissions must be 0600, or 0640 when root owns it$/,
    ],
    [`postgres://db/mine?sslcert=${file('client.crt')}&sslkey=${file('other.key')}`, /key values mismatch/],
  ])('%s', (url, message) => {
    const failing = () => readConnectionTarget(url);

    expect(failing).toThrow(message);
    expect(failing).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.not.stringContaining('\n') }),
    );
  });

  test('without what may be a password', () => {
    expect(() =>
      readConnectionTarget('postgres://me:secret word/@db:x/mine', 'MIGRATION_DATABASE_URL'),
    ).toThrow(/^MIGRATION_DATABASE_URL (?!.*secret)/);
  });
});
