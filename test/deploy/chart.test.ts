/** The Helm chart: its values fit its schema, its templates render, and the result is what the service needs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { environmentOf, everythingEnabled, renderOne, valuesWith } from './chart-values.ts';
import { readSchema, readValues, renderTemplate, templateNames, type Values } from './render-chart.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const isValid = new Ajv({ allowUnionTypes: true }).compile(readSchema());

describe('the values', () => {
  test.each([
    ['of the chart', readValues()],
    ['that enable everything', everythingEnabled()],
  ])('%s fit their schema', (_, values) => {
    expect(isValid(values), JSON.stringify(isValid.errors)).toBe(true);
  });

  test.each([
    ['a word in place of a number', valuesWith('service', { port: '8080' })],
    ['a setting that there is not', valuesWith('image', { digest: 'x' })],
    ['keys over plain HTTP', valuesWith('auth', { jwksUrl: 'http://issuer.example' })],
    ['too few connections', valuesWith('database', { connections: 1 })],
    ['no issuer', valuesWith('auth', { issuer: '' })],
    ['client certificates that nothing asks for', valuesWith('auth', { mode: 'mtls' })],
    ['client certificates without TLS', valuesWith('tls', { clientCertificates: true })],
    ['a heap as large as the memory', { ...readValues(), heapPercent: 100 }],
    ['less time to end than a drain takes', { ...readValues(), terminationGracePeriodSeconds: 20 }],
  ])('with %s do not', (_, values) => {
    expect(isValid(values)).toBe(false);
  });
});

test.each(templateNames())(
  'templates/%s.yaml renders, with everything enabled, to a manifest of the release',
  (name) => {
    const manifest = renderOne(name, everythingEnabled());
    expect(manifest.metadata.name).toMatch(/^release(-\w+)?$/);
    expect(manifest.metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'release' });
  },
);

describe('with its section disabled', () => {
  test.each(['horizontalpodautoscaler', 'headless', 'principals', 'servicemonitor', 'workers'])(
    '%s is not rendered',
    (name) => {
      expect(renderTemplate(name, readValues())).toEqual([]);
    },
  );

  test('networkpolicy is not rendered', () => {
    expect(renderTemplate('networkpolicy', valuesWith('networkPolicy', { enabled: false }))).toEqual([]);
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

  test('has a heap that its memory limit sets', () => {
    expect(environmentOf().NODE_OPTIONS).toBe('--max-old-space-size-percentage=70');
    expect(service.resources.limits.memory).toBeDefined();
  });

  test('is selected by the other manifests, and is what callers are led to', () => {
    const values = everythingEnabled();
    const labelsOf = (name: string) => renderOne(name, values).spec.template.metadata.labels;
    const [server, worker] = [labelsOf('deployment'), labelsOf('workers')];
    expect(server).toMatchObject(renderOne('deployment', values).spec.selector.matchLabels);
    expect(worker).toMatchObject(renderOne('workers', values).spec.selector.matchLabels);
    for (const name of ['service', 'headless', 'poddisruptionbudget']) {
      const { selector } = renderOne(name, values).spec;
      expect(server).toMatchObject(selector.matchLabels ?? selector);
      expect(worker).not.toMatchObject(selector.matchLabels ?? selector);
    }
    for (const selector of [
      renderOne('networkpolicy', values).spec.podSelector.matchLabels,
      renderOne('metrics', values).spec.selector,
    ]) {
      expect(server).toMatchObject(selector);
      expect(worker).toMatchObject(selector);
    }
    expect(renderOne('metrics', values).metadata.labels).toMatchObject(
      renderOne('servicemonitor', values).spec.selector.matchLabels,
    );
    expect(spec.serviceAccountName).toBe(renderOne('serviceaccount').metadata.name);
    expect(service.envFrom[0].configMapRef.name).toBe(renderOne('configmap').metadata.name);
  });

  test('mounts what its environment names, and has probes that work with TLS', () => {
    const values = everythingEnabled();
    const [container] = renderOne('deployment', values).spec.template.spec.containers;
    const mounts = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
    const files = Object.entries(environmentOf(values)).filter(([name]) => name.endsWith('_FILE'));
    expect(files.map(([name]) => name).toSorted()).toEqual([
      ...['AUTH_PRINCIPALS_FILE', 'TLS_CERT_FILE', 'TLS_CLIENT_CA_FILE', 'TLS_KEY_FILE'],
    ]);
    for (const [, file] of files) {
      expect(mounts).toContain(file.replace(/\/[^/]+$/, ''));
    }
    expect(JSON.parse(renderOne('principals', values).data['principals.json'])).toEqual(
      (values.auth as Values).principals,
    );
    expect(container.readinessProbe.exec.command).toEqual(['node', 'src/main.ts', 'health']);
    expect(container.livenessProbe.tcpSocket).toEqual({ port: 'grpc' });
  });
});

test('the chart is of the version of the service', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(renderOne('deployment').metadata.labels).toMatchObject({ 'app.kubernetes.io/version': version });
});
