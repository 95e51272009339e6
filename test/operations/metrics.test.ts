/** Alerts and dashboard use metrics that the running service exposes, and the runbook has each alert. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ERROR_TABLE } from '../../src/errors/error-table.ts';
import { createAthlete } from '../support/fixtures.ts';
import { linear } from '../support/rule-fixtures.ts';
import { holdUser } from '../telemetry/hold-user.ts';
import { startObservedService } from '../telemetry/observed-service.ts';
import { namesIn } from './promql.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const read = (path: string) => readFileSync(join(DOCS, path), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook: string };
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const RULES: Rule[] = parse(read('operations/alerts.yaml')).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
);
const DASHBOARD: { panels: Panel[]; templating: { list: { query: string }[] } } = JSON.parse(
  read('operations/grafana-dashboard.json'),
);

const ASKED = [
  ...RULES.map(({ alert, expr }) => ({ who: alert, expr })),
  ...DASHBOARD.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ who: title, expr }))),
];

/** Labels that Prometheus adds to each sample of a scrape. */
const OF_PROMETHEUS = { metrics: ['up'], labels: ['job', 'instance'] };

/** Metrics and labels that a scrape names. */
function exposedBy(scraped: string) {
  const samples = scraped.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const labels = samples.flatMap((line) =>
    [...line.matchAll(/([a-z_]\w*)="/gi)].map(([, name]) => `${name}`),
  );
  return {
    metrics: new Set([...OF_PROMETHEUS.metrics, ...samples.map((line) => line.split(/[{ ]/, 1)[0])]),
    labels: new Set([...OF_PROMETHEUS.labels, ...labels]),
  };
}

/** Traffic for every metric: answers, refusals, transactions, retries. */
async function scrapeAfterTraffic(): Promise<string> {
  const { call, database, scrape } = await startObservedService();
  const athlete = await createAthlete(database, { lifts: { squat: '100' }, rules: [linear()] });
  const { accountId, userId, liftIds } = athlete;
  const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftIds.squat] };
  const complete = () =>
    call(
      'progression.v1.ProgressionService/HandleSessionComplete',
      { userId, session },
      { 'x-account-id': accountId },
    );
  await automate((method, message) =>
    call(`automation.v1.WorkflowService/${method}`, message, { 'x-account-id': accountId }),
  );
  expect((await complete()).status).toBe(200);
  await expect.poll(scrape).toMatch(/^progression_events_verdicts_total\{.*reason="ENROLLED".*\} 1$/m);
  expect((await call('progression.v1.UserService/GetUser', { userId: uuidv7() })).status).toBe(404);
  const release = await holdUser(database, accountId, userId);
  const waiting = complete();
  await expect.poll(scrape).toMatch(/^progression_queue_running 1$/m);
  await release();
  await waiting;
  return scrape();
}

/** A workflow that every completed session starts. */
async function automate(
  call: (method: string, message: unknown) => Promise<{ status: number; text: string }>,
): Promise<void> {
  const created = await call('CreateWorkflow', {
    name: 'Praise',
    trigger: { triggerEvent: 'session_completed', settings: { policy: 'ENROLLMENT_POLICY_MULTIPLE' } },
    actions: [{ addTag: { tag: 'busy' } }],
  });
  expect(created.status, created.text).toBe(200);
  const workflowId = JSON.parse(created.text).workflow.id;
  expect((await call('ActivateWorkflow', { workflowId })).status).toBe(200);
}

let found: Promise<ReturnType<typeof exposedBy>> | undefined;

/** Once for all tests; the first one starts and ends the service. */
function findExposed() {
  found ??= scrapeAfterTraffic().then(exposedBy);
  return found;
}

describe('after some traffic the service exposes', () => {
  test.each(ASKED)('the metrics that "$who" uses: $expr', async ({ expr }) => {
    const { metrics, labels } = namesIn(expr);
    const exposed = await findExposed();
    expect(metrics.size).toBeGreaterThan(0);
    expect([...metrics].filter((name) => !exposed.metrics.has(name))).toEqual([]);
    expect([...labels].filter((name) => !exposed.labels.has(name))).toEqual([]);
  });

  test('the label by which the dashboard selects instances', async () => {
    const query = DASHBOARD.templating.list.map((variable) => variable.query).join(' ');
    const [, metric] = /label_values\((\w+), instance\)/.exec(query) ?? [];
    expect((await findExposed()).metrics).toContain(metric);
  });
});

test.each(ASKED)('the reasons and status codes in "$who" exist: $expr', ({ expr }) => {
  const known: Readonly<Record<string, readonly string[]>> = {
    reason: Object.keys(ERROR_TABLE),
    rpc_status_code: ['OK', 'ABORTED', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
  };
  const unknown = namesIn(expr).values.filter(
    ({ label, value }) => known[label] !== undefined && !known[label].includes(value),
  );
  expect(unknown).toEqual([]);
});

test('the runbook has a section for each alert, and for no other', () => {
  const described = [...read('operations.md').matchAll(/^### (Progression\w+)$/gm)].map(([, name]) => name);
  expect(described.toSorted()).toEqual(RULES.map(({ alert }) => alert).toSorted());
});

test('each alert links to its section', () => {
  for (const { alert, annotations } of RULES) {
    expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  }
});
