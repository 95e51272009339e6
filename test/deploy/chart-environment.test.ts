/** The environment that the Helm chart gives to the service is the one that the values say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { DEFAULT_LIMITS } from '../../src/config/default-limits.ts';
import { environmentOf, everythingEnabled, renderOne, valuesWith } from './chart-values.ts';
import { readSchema, readValues, renderTemplate } from './render-chart.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const isValid = new Ajv({ allowUnionTypes: true }).compile(readSchema());

describe('the environment', () => {
  test('is one that the service accepts', () => {
    expect(readConfig(environmentOf())).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      auth: { mode: 'jwt' },
      telemetry: { metrics: { host: '0.0.0.0', port: 9464 }, otlpEndpoint: undefined, traceRatio: 1 },
    });
  });

  test('has the rates of the service where the values do not change them', () => {
    const { limits } = readConfig(environmentOf());
    expect(limits.accountCallsPerSecond).toBe(DEFAULT_LIMITS.accountCallsPerSecond);
    expect(limits.peerCallsPerSecond).toBe(DEFAULT_LIMITS.peerCallsPerSecond);
  });

  test('runs workflows in every process, or in a Deployment of their own', () => {
    expect(readConfig(environmentOf()).automationWorkers).toBe(true);
    const values = everythingEnabled();
    expect(readConfig(environmentOf(values)).automationWorkers).toBe(false);
    expect(readConfig(environmentOf(values, 'workers')).automationWorkers).toBe(true);
  });

  test('has Redis, rates, statements, claims and client certificates as the values say', () => {
    const values = everythingEnabled();
    expect(readConfig(environmentOf(values))).toMatchObject({
      redisUrl: 'redis://h',
      preparedStatements: false,
      limits: { accountCallsPerSecond: 1_000_000, peerCallsPerSecond: 0 },
      auth: { mode: 'jwt+mtls', token: { accountClaim: 'tenant', rolesClaim: 'groups' } },
      tls: { clientAuthorityFile: '/etc/progression/tls/ca.crt' },
    });
    const ports = renderOne('networkpolicy', values).spec.egress[0].ports;
    expect(ports).toContainEqual({ port: 6379, protocol: 'TCP' });
    expect(ports).toContainEqual({ port: 26_379, protocol: 'TCP' });
  });

  test('names a standby for the processes that serve calls, when the Secret has its URL', () => {
    expect(readConfig(environmentOf()).readDatabaseUrl).toBeUndefined();
    const values = everythingEnabled();
    expect(readConfig(environmentOf(values)).readDatabaseUrl).toBe('postgres://a@b/c');
    expect(environmentOf(values, 'workers')).not.toHaveProperty('READ_DATABASE_URL');
    const { env } = renderOne('deployment', values).spec.template.spec.containers[0];
    expect(env).toContainEqual({
      name: 'READ_DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'progression-service-database', key: 'read-url' } },
    });
  });

  test('takes the addresses of a collector', () => {
    const environment = environmentOf(valuesWith('otlp', { endpoint: 'http://otel:4318', traceRatio: 0.1 }));
    expect(readConfig(environment).telemetry).toMatchObject({
      otlpEndpoint: 'http://otel:4318',
      traceRatio: 0.1,
    });
  });

  test('takes further variables, and refuses one that is no text or that another value sets', () => {
    const settings = { CORS_ORIGINS: 'https://app.example.com', CONNECTION_AGE_MS: '60000' };
    const values = valuesWith('settings', settings);
    expect(readConfig(environmentOf(values))).toMatchObject({
      corsOrigins: ['https://app.example.com'],
      limits: { connectionAgeMs: 60_000 },
    });
    expect(isValid(values), JSON.stringify(isValid.errors)).toBe(true);
    expect(isValid(valuesWith('settings', { CONNECTION_AGE_MS: 60_000 }))).toBe(false);
    const without = { ...everythingEnabled(), settings: {}, extraEnv: [] };
    for (const name of Object.keys(environmentOf(without))) {
      expect(isValid(valuesWith('settings', { [name]: 'x' })), name).toBe(false);
    }
  });

  test('replaces the pods when it changes, and only then', () => {
    const checksumOf = (values = readValues()) =>
      renderTemplate('deployment', values)[0]?.spec.template.metadata.annotations['checksum/config'];
    expect(checksumOf()).toMatch(/^[0-9a-f]{64}$/);
    expect(checksumOf(valuesWith('settings', { CONSOLE: 'on' }))).not.toBe(checksumOf());
    expect(checksumOf({ ...readValues(), replicas: 5 })).toBe(checksumOf());
  });

  test('has no variable that the service does not read', () => {
    const page = readFileSync(join(ROOT, 'docs', 'configuration.md'), 'utf8');
    const limits = readFileSync(join(ROOT, 'docs', 'limits.md'), 'utf8');
    const used = Object.keys(environmentOf());
    const unknown = used.filter((name) => !`${page}${limits}`.includes(`\`${name}\``));
    expect(unknown).toEqual(['NODE_OPTIONS']);
  });
});
