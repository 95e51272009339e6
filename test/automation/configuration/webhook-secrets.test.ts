/** Secrets of webhooks: kept for signing, and never part of an answer. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { readRows } from '../../store/schema-dump.ts';
import {
  type AutomationClient,
  addTag,
  createAutomationClient,
  createWorkflow,
} from '../../support/automation.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { dumpTables } from '../../support/table-dump.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createAutomationClient(db.database);
});

const secret = (letter: string) => `whsec_${Buffer.alloc(24, letter).toString('base64')}`;
const hook = (path: string, more: object = {}) =>
  ({ action: { case: 'callWebhook', value: { url: `https://example.org/${path}`, ...more } } }) as const;

/** The secrets as they are stored, in the order of the actions. */
async function stored(table: 'workflows' | 'workflow_versions', workflowId: string): Promise<string[]> {
  const column = sql.ref(table === 'workflows' ? 'id' : 'workflow_id');
  const rows = await readRows<{ secret: string | null }>(
    db.database,
    sql`select a.action -> 'callWebhook' ->> 'secret' as secret
        from ${sql.table(table)} w, jsonb_array_elements(w.actions) with ordinality as a (action, place)
        where ${column} = ${workflowId} order by w.version, a.place`,
  );
  return rows.map((row) => row.secret ?? '');
}

it('are in no answer, audit row or fact, only in the stored actions', async () => {
  const made = await createWorkflow(client, {
    actions: [hook('a', { secret: secret('a') }), hook('b', { hasSecret: true })],
  });
  const read = await client.workflows.getWorkflow({ workflowId: made.id });
  const listed = await client.workflows.listWorkflows({});
  const active = await client.workflows.activateWorkflow({ workflowId: made.id });
  const copy = await client.workflows.cloneWorkflow({ workflowId: made.id });
  const ofWorkflow = await client.workflows.listWorkflowVersions({ workflowId: made.id });
  const { trigger } = made;
  const versions = await client.triggers.listTriggerVersions({ triggerId: `${trigger?.id}` });

  const shown = made.actions.map(({ action }) => action.value);
  expect(shown).toMatchObject([
    { secret: '', hasSecret: true },
    { secret: '', hasSecret: false },
  ]);
  const answers = JSON.stringify([made, read, listed, active, copy, ofWorkflow, versions], (_, value) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  expect(answers).not.toContain('whsec_');
  const { workflows, workflow_versions, ...others } = await dumpTables(db.database);
  expect(JSON.stringify(others)).not.toContain('whsec_');
  const bytes = (others.requests ?? []).map((row) => String((row as { response: string }).response));
  expect(bytes.map((hex) => Buffer.from(hex.slice(2), 'hex').toString()).join()).not.toContain('whsec_');
  expect(JSON.stringify([workflows, workflow_versions])).toContain(secret('a'));
});

it('stay with their URL, also when actions are moved', async () => {
  const made = await createWorkflow(client, {
    actions: [
      hook('a', { secret: secret('a') }),
      hook('b', { secret: secret('b') }),
      hook('b', { secret: secret('c') }),
      hook('gone', { secret: secret('d') }),
    ],
  });
  const { workflow: updated } = await client.workflows.updateWorkflow({
    workflowId: made.id,
    etag: made.etag,
    actions: {
      actions: [hook('b'), addTag('x'), hook('b', { secret: secret('n') }), hook('a'), hook('new')],
    },
  });

  expect(await stored('workflows', made.id)).toEqual([secret('b'), '', secret('n'), secret('a'), '']);
  const shown = present(updated).actions.map(({ action }) =>
    action.case === 'callWebhook' ? action.value.hasSecret : undefined,
  );
  expect(shown).toEqual([true, undefined, true, true, false]);
});

it('are kept for runs of earlier versions', async () => {
  const made = await createWorkflow(client, { actions: [hook('a', { secret: secret('a') })] });
  await client.workflows.updateWorkflow({
    workflowId: made.id,
    etag: made.etag,
    actions: { actions: [hook('a', { secret: secret('b') })] },
  });
  expect(await stored('workflow_versions', made.id)).toEqual([secret('a'), secret('b')]);
});
