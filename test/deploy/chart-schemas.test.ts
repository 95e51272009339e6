/** The rendered chart fits the schemas of Kubernetes and of the Prometheus operator. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { describe, expect, test } from 'vitest';
import { everythingEnabled, valuesWith } from './chart-values.ts';
import { type Manifest, readValues, renderTemplate, templateNames } from './render-chart.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Kind {
  /** Throws where a value has the wrong type, or one that must be there is missing. */
  readonly check: (manifest: Manifest) => void;
  /** Where the type of the kind is declared. */
  readonly module: string;
}

const kind = (module: string, Model: new (data: never) => { validate(): void }): Kind => ({
  module,
  check: (manifest) => new Model(manifest as never).validate(),
});

const OPERATOR = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
const KINDS: Readonly<Record<string, Kind>> = {
  ConfigMap: kind('kubernetes-models/v1', ConfigMap),
  Deployment: kind('kubernetes-models/apps/v1', Deployment),
  HorizontalPodAutoscaler: kind('kubernetes-models/autoscaling/v2', HorizontalPodAutoscaler),
  NetworkPolicy: kind('kubernetes-models/networking.k8s.io/v1', NetworkPolicy),
  PodDisruptionBudget: kind('kubernetes-models/policy/v1', PodDisruptionBudget),
  Service: kind('kubernetes-models/v1', Service),
  ServiceAccount: kind('kubernetes-models/v1', ServiceAccount),
  ServiceMonitor: kind(OPERATOR, ServiceMonitor),
};

const manifests = [readValues(), everythingEnabled()].flatMap((values) =>
  templateNames().flatMap((name) => renderTemplate(name, values)),
);

describe.each(Object.entries(KINDS))('each %s', (name, { check }) => {
  const those = manifests.filter((manifest) => manifest.kind === name);

  test('has the values that its schema requires', () => {
    expect(those.length).toBeGreaterThan(0);
    for (const manifest of those) {
      expect(manifest.apiVersion).toMatch(/^([a-z0-9.]+\/)?v\d$/);
      check(manifest);
    }
  });
});

test('a value that a schema refuses is found', () => {
  const [deployment] = renderTemplate('deployment', valuesWith('autoscaling', { enabled: false }));
  expect(() => KINDS.Deployment?.check({ ...deployment, spec: { replicas: '2' } } as never)).toThrow(
    /replicas/,
  );
});

test('no manifest is of another kind, or has a field that its kind does not have', () => {
  expect(new Set(manifests.map((manifest) => manifest.kind))).toEqual(new Set(Object.keys(KINDS)));
  expect(typeErrorsOf(manifests)).toBe('');
});

test('a misspelt field is found', () => {
  const [service] = renderTemplate('service', readValues());
  const misspelt = { ...service, spec: { ...service?.spec, clusterIp: 'None' } } as Manifest;
  expect(typeErrorsOf([misspelt])).toMatch(/clusterIp/);
});

/** Schemas allow unknown fields; the compiler refuses them in literals, at any depth. */
function typeErrorsOf(those: readonly Manifest[]): string {
  // Within the repository, where the packages are found.
  const directory = mkdtempSync(join(ROOT, 'node_modules', '.chart-'));
  const literals = those.map((manifest, index) => {
    const { module } = KINDS[manifest.kind] ?? expect.unreachable(`${manifest.kind} is not known`);
    const type = `import('${module}/${manifest.kind}').I${manifest.kind}`;
    return `export const manifest${index}: ${type} = ${JSON.stringify(manifest, null, 1)};\n`;
  });
  try {
    const file = join(directory, 'manifests.ts');
    writeFileSync(file, literals.join(''));
    const options = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--skipLibCheck', '--noEmit'];
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    execFileSync(tsc, ['--ignoreConfig', ...options, file], { encoding: 'utf8', cwd: directory });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
