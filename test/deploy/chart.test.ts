/** The Helm chart: its values fit its schema, its templates render, and the result is what the service needs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { readSchema, readValues, renderTemplate, templateNames, type Values } from './render-chart.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const isValid = new Ajv({ allowUnionTypes: true }).compile(readSchema());

function valuesWith(section: string, change: Values): Values {
  const values = readValues();
  return { ...values, [section]: { ...(values[section] as Values), ...change } };
}

function renderOne(name: string, values: Values = readValues()) {
  const [manifest, ...others] = renderTemplate(name, values);
  expect(others).toEqual([]);
  return manifest ?? expect.unreachable(`${name} renders to nothing`);
}

/** The environment of the pod's main container, with placeholders for values of the Secret. */
function environmentOf(values: Values = readValues()): Record<string, string> {
  return {
    ...(renderOne('configmap', values).data as Record<string, string>),
    DATABASE_URL: 'postgres://a@b/c',
  };
}

describe('the values', () => {
  test('fit their schema', () => {
    expect(isValid(readValues()), JSON.stringify(isValid.errors)).toBe(true);
  });

  test.each([
    ['a word in place of a number', valuesWith('service', { port: '8080' })],
    ['a setting that there is not', valuesWith('image', { digest: 'x' })],
    ['keys over plain HTTP', valuesWith('auth', { jwksUrl: 'http://issuer.example' })],
    ['too few connections', valuesWith('database', { connections: 1 })],
    ['no issuer', valuesWith('auth', { issuer: '' })],
    ['less time to end than a drain takes', { ...readValues(), terminationGracePeriodSeconds: 20 }],
  ])('with %s do not', (_, values) => {
    expect(isValid(values)).toBe(false);
  });
});

describe.each(templateNames())('templates/%s.yaml', (name) => {
  test('renders, with everything enabled, to a manifest that names the release', () => {
    const manifest = renderOne(name, valuesWith('autoscaling', { enabled: true }));
    expect(manifest.apiVersion).toMatch(/^([a-z0-9.]+\/)?v\d$/);
    expect(manifest.kind.toLowerCase()).toBe(name);
    expect(manifest.metadata.name).toBe('release');
    expect(manifest.metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'release' });
  });
});

describe('with its section disabled', () => {
  test.each([
    ['horizontalpodautoscaler', 'autoscaling'],
    ['networkpolicy', 'networkPolicy'],
  ])('%s is not rendered', (name, section) => {
    expect(renderTemplate(name, valuesWith(section, { enabled: false }))).toEqual([]);
  });

  test('the number of replicas is not set when autoscaling is on', () => {
    const scaled = renderOne('deployment', valuesWith('autoscaling', { enabled: true }));
    expect(scaled.spec.replicas).toBeUndefined();
    expect(renderOne('deployment').spec.replicas).toBe(2);
  });
});

describe('the pod', () => {
  const { spec } = renderOne('deployment').spec.template;
  const [migration] = spec.initContainers;
  const [service] = spec.containers;

  test('is migrated by its init container, as the owner, and serves as another role', () => {
    expect(migration.command).toEqual(['node', 'src/main.ts', 'migrate', 'up']);
    expect(migration.image).toBe(service.image);
    const keyOf = (container: typeof service) => container.env[0].valueFrom.secretKeyRef.key;
    expect([keyOf(migration), keyOf(service)]).toEqual(['migration-url', 'url']);
  });

  test('runs without root on a read-only file system', () => {
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(spec.automountServiceAccountToken).toBe(false);
    for (const container of [migration, service]) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  test('has readiness and liveness probes on its port', () => {
    const port = service.ports.find((each: { name: string }) => each.name === 'grpc').containerPort;
    expect(service.readinessProbe.grpc).toEqual({ port });
    expect(service.livenessProbe.grpc).toEqual({ port, service: 'liveness' });
  });

  test('has enough time to end', () => {
    const { drainMs, telemetryFlushMs, storeCloseMs, drainPauseMs } = readConfig(environmentOf()).limits;
    const endMs = drainMs + telemetryFlushMs + storeCloseMs;
    expect(endMs).toBe(25_000);
    expect(spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(endMs);
    expect(drainPauseMs).toBeLessThan(drainMs);
    expect(drainPauseMs).toBeGreaterThan(service.readinessProbe.periodSeconds * 1000);
  });

  test('is selected by the other manifests', () => {
    const { labels } = renderOne('deployment').spec.template.metadata;
    for (const selector of [
      renderOne('deployment').spec.selector.matchLabels,
      renderOne('service').spec.selector,
      renderOne('poddisruptionbudget').spec.selector.matchLabels,
      renderOne('networkpolicy').spec.podSelector.matchLabels,
    ]) {
      expect(labels).toMatchObject(selector);
    }
    expect(spec.serviceAccountName).toBe(renderOne('serviceaccount').metadata.name);
    expect(service.envFrom[0].configMapRef.name).toBe(renderOne('configmap').metadata.name);
  });
});

describe('the environment', () => {
  test('is one that the service accepts', () => {
    expect(readConfig(environmentOf())).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      auth: { mode: 'jwt' },
      telemetry: { metrics: { host: '0.0.0.0', port: 9464 }, otlpEndpoint: undefined, traceRatio: 1 },
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
    for (const name of Object.keys(environmentOf())) {
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
    const unknown = Object.keys(environmentOf()).filter((name) => !page.includes(`\`${name}\``));
    expect(unknown).toEqual([]);
  });
});

test('the chart is of the version of the service', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(renderOne('deployment').metadata.labels).toMatchObject({ 'app.kubernetes.io/version': version });
});
