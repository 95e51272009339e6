/** sslmode and its certificates, against PostgreSQL with and without TLS. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/store/database.ts';
import { createAuthority } from '../../support/certificates.ts';
import { hasCommand } from '../../support/commands.ts';
import { runCommand, startCommand } from '../../support/service-process.ts';
import { startTcpPostgres, type TcpPostgres } from '../../support/tcp-postgres.ts';
import { readRows } from '../schema-dump.ts';

const files = mkdtempSync(join(tmpdir(), 'progression-certificates-'));
const file = (name: string) => join(files, name);
const authority = createAuthority('Server authority');
const clientAuthority = createAuthority('Client authority');

let secure: TcpPostgres;
let plain: TcpPostgres;
beforeAll(async () => {
  const client = clientAuthority.issue(['DNS:client'], { commonName: 'certified' });
  const foreign = createAuthority('Other authority').issue(['DNS:client'], { commonName: 'certified' });
  writeFileSync(file('root.crt'), authority.certificate);
  writeFileSync(file('other.crt'), createAuthority('Server authority').certificate);
  writeFileSync(file('client.crt'), client.certificate);
  writeFileSync(file('client.key'), client.key, { mode: 0o600 });
  writeFileSync(file('foreign.crt'), foreign.certificate);
  writeFileSync(file('foreign.key'), foreign.key, { mode: 0o600 });
  secure = await startTcpPostgres({
    // Of the two names of this machine, its certificate has one.
    tls: { ...authority.issue(['DNS:localhost']), clientAuthority: clientAuthority.certificate },
    logins: [
      'hostssl all certified 127.0.0.1/32 cert',
      'hostssl all encrypted 127.0.0.1/32 trust',
      'hostnossl all legible 127.0.0.1/32 trust',
      'host all anyhow 127.0.0.1/32 trust',
      'host all guarded 127.0.0.1/32 scram-sha-256',
    ],
  });
  plain = await startTcpPostgres();
  await secure.run(
    ...['certified', 'encrypted', 'legible', 'anyhow'].map((role) => `create role ${role} login`),
    `create role guarded login password 'open sesame'`,
  );
  await plain.run('create role anyhow login');
});
afterAll(async () => {
  await Promise.all([secure?.stop(), plain?.stop()]);
  rmSync(files, { recursive: true });
});

/** Connects, and returns whether the connection is encrypted, as PostgreSQL reports it. */
async function connect(url: string): Promise<'encrypted' | 'in clear text'> {
  const database = openDatabase(url, { connections: 1, connectionWaitMs: 10_000 });
  try {
    const [row] = await readRows<{ ssl: boolean }>(
      database,
      sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`,
    );
    return row?.ssl ? 'encrypted' : 'in clear text';
  } finally {
    await database.close();
  }
}

const urlOf = (user: string, host: string, query: string) =>
  `postgres://${user}@${host}:${secure.port}/postgres?${query}`;
const rootIn = (query: string) => `${query}&sslrootcert=${file('root.crt')}`;
const otherRootIn = (query: string) => `${query}&sslrootcert=${file('other.crt')}`;

describe('a server with TLS', () => {
  test.each([
    ['', 'anyhow', 'encrypted'],
    ['sslmode=disable', 'anyhow', 'in clear text'],
    ['sslmode=allow', 'anyhow', 'in clear text'],
    ['sslmode=prefer', 'anyhow', 'encrypted'],
    ['sslmode=require', 'anyhow', 'encrypted'],
    ['ssl=true', 'anyhow', 'encrypted'],
    ['sslmode=allow', 'encrypted', 'encrypted'],
    ['', 'encrypted', 'encrypted'],
    ['sslmode=prefer', 'legible', 'in clear text'],
  ])('with %j, for %s, is connected to %s', async (query, user, how) => {
    expect(await connect(urlOf(user, 'localhost', query))).toBe(how);
  });

  test.each([
    ['sslmode=require', 'localhost'],
    ['sslmode=require', '127.0.0.1'],
    ['sslmode=verify-ca', 'localhost'],
    ['sslmode=verify-ca', '127.0.0.1'],
    ['sslmode=verify-full', 'localhost'],
  ])('with %s and its authority is verified at %s', async (query, host) => {
    expect(await connect(urlOf('anyhow', host, rootIn(query)))).toBe('encrypted');
  });

  test('with sslmode=verify-full and a certificate for another name is refused', async () => {
    await expect(connect(urlOf('anyhow', '127.0.0.1', rootIn('sslmode=verify-full')))).rejects.toThrow(
      /does not match certificate's altnames.*127\.0\.0\.1/,
    );
  });

  test.each(['require', 'verify-ca', 'verify-full'])(
    'with sslmode=%s and another authority is refused',
    async (mode) => {
      await expect(connect(urlOf('anyhow', 'localhost', otherRootIn(`sslmode=${mode}`)))).rejects.toThrow(
        /certificate/,
      );
    },
  );

  test('with the authorities of the machine is refused, because they do not include its own', async () => {
    await expect(
      connect(urlOf('anyhow', 'localhost', 'sslmode=verify-full&sslrootcert=system')),
    ).rejects.toThrow(/certificate/);
  });

  test.each([
    ['sslmode=disable', 'encrypted', /no pg_hba\.conf entry .* no encryption/],
    ['sslmode=require', 'legible', /no pg_hba\.conf entry .* SSL encryption/],
    ['sslmode=prefer', 'nobody_known', /^encrypted: no pg_hba.*; in clear text: no pg_hba/],
    ['sslmode=require', 'guarded:wrong', /^password authentication failed for user "guarded"$/],
  ])('with %s refuses %s for its own reason', async (query, user, reason) => {
    await expect(connect(urlOf(user, 'localhost', query))).rejects.toThrow(reason);
  });

  test('takes a password through TLS', async () => {
    expect(await connect(urlOf('guarded:open%20sesame', 'localhost', rootIn('sslmode=verify-full')))).toBe(
      'encrypted',
    );
  });
});

describe('a login by certificate', () => {
  const certificate = (name: string) => `sslcert=${file(`${name}.crt`)}&sslkey=${file(`${name}.key`)}`;

  test('takes the certificate of the user', async () => {
    const query = rootIn(`sslmode=verify-full&${certificate('client')}`);

    expect(await connect(urlOf('certified', 'localhost', query))).toBe('encrypted');
  });

  test.each([
    ['without a certificate', 'certified', '', /connection requires a valid client certificate/],
    [
      'with the certificate of another authority',
      'certified',
      'foreign',
      /unknown ca|terminated|ECONNRESET|EPIPE/i,
    ],
  ])('refuses %s', async (_, user, name, reason) => {
    const query = `sslmode=require${name ? `&${certificate(name)}` : ''}`;

    await expect(connect(urlOf(user, 'localhost', query))).rejects.toThrow(reason);
  });

  test('reads the files again for each connection', async () => {
    const query = `sslmode=require&${certificate('client')}`;
    const database = openDatabase(urlOf('certified', 'localhost', query), {
      ...{ connections: 1, connectionWaitMs: 10_000 },
    });
    const renewed = clientAuthority.issue(['DNS:client'], { commonName: 'certified' });
    writeFileSync(file('client.crt'), renewed.certificate);
    writeFileSync(file('client.key'), renewed.key, { mode: 0o600 });

    const [row] = await readRows<{ serial: string }>(
      database,
      sql`select client_serial::text as serial from pg_stat_ssl where pid = pg_backend_pid()`,
    );

    const { serialNumber } = new X509Certificate(renewed.certificate);
    expect(row?.serial).toBe(BigInt(`0x${serialNumber}`).toString());
    await database.close();
  });
});

describe.skipIf(!hasCommand('psql'))('psql, which uses libpq, behaves alike', () => {
  const ask = promisify(execFile);
  async function askWithPsql(url: string): Promise<string> {
    const statement = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
    const { stdout } = await ask('psql', [
      '--no-psqlrc',
      '--tuples-only',
      '--no-align',
      url,
      '-c',
      statement,
    ]);
    return stdout.trim() === 't' ? 'encrypted' : 'in clear text';
  }
  const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
  const ROOTS = [undefined, 'root.crt', 'other.crt'];
  const SERVERS = [() => secure, () => plain];
  /** libpq verifies an encrypted attempt and then goes on in clear text; the service stays encrypted, unverified. */
  const DIFFERS = 'prefer other.crt';
  const CASES = MODES.flatMap((mode) => ROOTS.map((root) => [mode, root] as const)).filter(
    (names) => names.join(' ') !== DIFFERS,
  );
  const outcome = (answer: Promise<string>) => answer.catch(() => 'refused');

  test.each(CASES)('on sslmode=%s with the authority %s', async (mode, root) => {
    for (const server of SERVERS) {
      for (const [user, host] of [
        ['anyhow', 'localhost'],
        ['anyhow', '127.0.0.1'],
        ['legible', 'localhost'],
      ]) {
        const rootParameter = root ? `&sslrootcert=${file(root)}` : '';
        const url = `postgres://${user}@${host}:${server().port}/postgres?sslmode=${mode}${rootParameter}`;
        const ours = await outcome(connect(url));
        expect([url, ours]).toEqual([url, await outcome(askWithPsql(url))]);
      }
    }
  });
});

describe('the service', () => {
  const urls = (owner: string, server: string) => ({
    DATABASE_URL: urlOf('anyhow', 'localhost', server).replace('/postgres?', '/served?'),
    MIGRATION_DATABASE_URL: urlOf('encrypted', 'localhost', owner).replace('/postgres?', '/served?'),
  });
  const verified = () => rootIn('sslmode=verify-full');
  beforeAll(() => secure.run('alter role encrypted createrole', 'create database served owner encrypted'));

  test.each([
    ['DATABASE_URL', () => urls(verified(), otherRootIn('sslmode=verify-full'))],
    ['MIGRATION_DATABASE_URL', () => urls(otherRootIn('sslmode=verify-full'), verified())],
  ])('does not start when the server of %s cannot be verified', async (_, environment) => {
    expect(await runCommand(['serve'], environment())).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^cannot use the database at localhost:\d+\/served: [^\n]*certificate[^\n]*\n$/,
      ),
    });
  });

  test('migrates and serves over verified connections', async () => {
    await secure.run(
      'create role progression_app',
      'create role progression_worker',
      'grant progression_app, progression_worker to anyhow, encrypted with admin option',
    );
    const service = startCommand(['serve'], urls(verified(), verified()));

    expect(await service.firstLine).toMatch(/^ready on /);

    const observer = openDatabase(secure.socketUrl, { connections: 1, connectionWaitMs: 10_000 });
    const found = await readRows(
      observer,
      sql`select distinct usename as user, ssl from pg_stat_activity join pg_stat_ssl using (pid)
          where datname = 'served'`,
    );
    await observer.close();
    service.child.kill('SIGTERM');
    await service.ended;
    expect(found).toEqual([{ user: 'anyhow', ssl: true }]);
  });
});

describe('a server without TLS', () => {
  const plainUrl = (query: string) => `postgres://anyhow@127.0.0.1:${plain.port}/postgres?${query}`;

  test.each(['', 'sslmode=prefer', 'sslmode=allow', 'sslmode=disable'])(
    'with %j is connected to in clear text',
    async (query) => {
      expect(await connect(plainUrl(query))).toBe('in clear text');
    },
  );

  test.each(['sslmode=require', rootIn('sslmode=verify-ca'), rootIn('sslmode=verify-full')])(
    'with %s is refused',
    async (query) => {
      await expect(connect(plainUrl(query))).rejects.toThrow('The server does not support SSL connections');
    },
  );

  test('through its Unix socket is never asked for TLS, as with libpq', async () => {
    expect(await connect(rootIn(`${plain.socketUrl}&sslmode=verify-full`))).toBe('in clear text');
  });
});
