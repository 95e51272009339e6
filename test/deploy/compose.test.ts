/** The compose file: YAML with the services in their order, and an environment that the service accepts. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/config.ts';
import { openAdminConnection } from '../support/database-server.ts';
import { runCommand, startCommand, urlIn } from '../support/service-process.ts';
import { createEmptyDatabase } from '../support/test-database.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const read = (file: string) => parse(readFileSync(join(DEPLOY, file), 'utf8'), { merge: true });
const { services, volumes } = read('compose.yaml');
const withTokens = read('compose.tokens.yaml');

/** Variables of the caller's shell take the value that the file gives when they are not set. */
function withDefaults(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(/\$\{\w+:-([^}]*)\}/g, '$1')]),
  );
}

test('the service starts when the schema is migrated, which waits for the database', () => {
  expect(services.migrate.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  expect(services.service.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
  expect(services.migrate.command).toEqual(['node', 'src/main.ts', 'migrate', 'up']);
});

test('both run as the image’s user, on a read-only file system', () => {
  for (const name of ['migrate', 'service']) {
    expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(existsSync(join(DEPLOY, services[name].build, 'Dockerfile'))).toBe(true);
  }
});

test('the service accepts its environment, needs nothing of the host, and has enough time to end', () => {
  const config = readConfig(withDefaults(services.service.environment));
  expect(config).toMatchObject({ host: '0.0.0.0', port: 8080, trial: true });
  expect(services.service.secrets).toBeUndefined();
  const graceMs = Number.parseInt(services.service.stop_grace_period, 10) * 1000;
  const { drainMs, telemetryFlushMs, storeCloseMs } = config.limits;
  expect(graceMs).toBeGreaterThan(drainMs + telemetryFlushMs + storeCloseMs);
});

test('the service takes tokens of an issuer when the second file says so', () => {
  const { environment, secrets } = withTokens.services.service;
  const both = { ...services.service.environment, ...environment };
  expect(readConfig(withDefaults(both))).toMatchObject({ trial: false, auth: { mode: 'jwt' } });
  expect(Object.keys(withTokens.secrets)).toEqual(secrets);
});

test('the ports are on the loopback interface only, and every volume is declared', () => {
  expect(services.service.ports).toEqual(['127.0.0.1:8080:8080', '127.0.0.1:9464:9464']);
  expect(Object.keys(volumes)).toEqual(['data']);
});

test('the roles of its database are enough to migrate with one and to serve with the other', async () => {
  const db = await createEmptyDatabase();
  const { pathname } = new URL(db.url);
  const admin = openAdminConnection(db.url);
  const suffix = pathname.slice(1);
  const script = readFileSync(join(DEPLOY, 'postgres', '01-roles.sql'), 'utf8')
    .replaceAll(/^create role progression_(app|worker) .*$/gm, '')
    .replace('database progression', `database ${suffix}`)
    .replaceAll(/progression_(owner|service)\b/g, `$1_${suffix}`);
  const as = (role: string, password: string) => {
    const url = new URL(db.url);
    url.username = `${role}_${suffix}`;
    url.password = password;
    return url.href;
  };
  try {
    for (const role of ['progression_app', 'progression_worker']) {
      await admin.run(`do $$ begin create role ${role} nologin; exception when duplicate_object then end $$`);
    }
    await admin.run(script);
    expect(await runCommand(['migrate', 'up'], { DATABASE_URL: as('owner', 'owner') })).toMatchObject({
      code: 0,
    });
    const service = startCommand(['serve'], { DATABASE_URL: as('service', 'service') });
    expect(urlIn(await service.firstLine)).toMatch(/^http/);
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0, stderr: '' });
  } finally {
    await admin.run(`reassign owned by owner_${suffix} to current_user`);
    await admin.run(`drop owned by owner_${suffix}, service_${suffix}`);
    await admin.run(`drop role if exists owner_${suffix}, service_${suffix}`);
    await admin.close();
    await db.close();
  }
});
