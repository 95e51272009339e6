/** Values of the chart for tests, and what they render to. */
import { expect } from 'vitest';
import { type Manifest, readValues, renderTemplate, type Values } from './render-chart.ts';

/** The chart's own values with a change in one section. */
export function valuesWith(section: string, change: Values, values = readValues()): Values {
  return { ...values, [section]: { ...(values[section] as Values), ...change } };
}

/** Every part of the chart, each with a value that is not the default. */
export function everythingEnabled(): Values {
  const account = '01900000-0000-7000-8000-000000000001';
  const principals = { 'DNS:schedule.example.com': { account, subject: 'schedule', roles: ['service'] } };
  const changes: Record<string, Values> = {
    auth: { mode: 'jwt+mtls', accountClaim: 'tenant', rolesClaim: 'groups', principals },
    autoscaling: { enabled: true },
    database: { preparedStatements: false, readUrlKey: 'read-url' },
    headless: { enabled: true },
    metrics: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '15s' } },
    rates: { accountCallsPerSecond: 1_000_000, peerCallsPerSecond: 0 },
    networkPolicy: { sentinelPort: 26_379 },
    redis: { secretName: 'redis' },
    tls: { secretName: 'certificate', clientCertificates: true },
    workers: { separate: true, replicas: 3, resources: { limits: { memory: '1Gi' } } },
  };
  const sections = Object.entries(changes).reduce(
    (values, [section, change]) => valuesWith(section, change, values),
    readValues(),
  );
  const field = { apiVersion: 'v1', fieldPath: 'metadata.name' };
  return {
    ...sections,
    settings: { CONSOLE: 'on' },
    extraEnv: [{ name: 'EXTRA', valueFrom: { fieldRef: field } }],
    imagePullSecrets: [{ name: 'registry' }],
    topologySpreadConstraints: [
      { maxSkew: 2, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
    ],
    podAnnotations: { 'example.com/team': 'training' },
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
    tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
  };
}

/** The only manifest of a template. */
export function renderOne(name: string, values: Values = readValues()): Manifest {
  const [manifest, ...others] = renderTemplate(name, values);
  expect(others).toEqual([]);
  return manifest ?? expect.unreachable(`${name} renders to nothing`);
}

/** The environment of a pod's main container, with an address in place of those of Secrets. */
export function environmentOf(
  values: Values = readValues(),
  deployment = 'deployment',
): Record<string, string> {
  const [{ env }] = renderOne(deployment, values).spec.template.spec.containers;
  const inSecret = (name: string) => (name === 'REDIS_URL' ? 'redis://h' : 'postgres://a@b/c');
  const set = env.map(({ name, value }: { name: string; value?: string }) => [name, value ?? inSecret(name)]);
  return {
    ...(renderOne('configmap', values).data as Record<string, string>),
    ...Object.fromEntries(set),
  };
}
