/** What was stored some time ago is held against the account's events and fields of today when it comes back. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { Trigger } from '../../../src/gen/automation/v1/trigger_pb.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createAutomationClient,
  createWorkflow,
} from '../../support/automation.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
let trigger: Trigger;
beforeAll(async () => {});
beforeEach(async () => {
  client = createAutomationClient(db.database);
  await client.workflows.createWorkflow({ name: 'The account exists' });
  await defineCheckIn([{ name: 'mood', type: 'int', description: '' }]);
  const { id } = await createWorkflow(client, { trigger: onMood(), actions: [addTag('glum')] });
  trigger = present((await client.workflows.getWorkflow({ workflowId: id })).workflow?.trigger);
});

const onMood = () => ({
  triggerEvent: 'custom.checked_in',
  filter: { conditions: [condition('mood', 'less_than', 3)] },
});

const FIELD = 'trigger.filter.conditions[0].field';

function defineCheckIn(fields: object[]) {
  return db.database.transaction(client.accountId, (tx) =>
    sql`insert into custom_event_types (account_id, slug, fields)
        values (${client.accountId}, 'checked_in', ${JSON.stringify(fields)}::jsonb)
        on conflict (account_id, slug) do update set fields = excluded.fields`.execute(tx.sql),
  );
}

it('by RestoreTrigger', async () => {
  const { id: triggerId } = trigger;
  await client.triggers.deleteTrigger({ triggerId });
  await defineCheckIn([]);
  const call = () => client.triggers.restoreTrigger({ triggerId });
  await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', [FIELD]);

  await defineCheckIn([{ name: 'mood', type: 'decimal', description: '' }]);
  expect((await call()).trigger?.version).toBe(3);
});

it('by RollbackTrigger', async () => {
  const { id: triggerId } = trigger;
  const updated = await client.triggers.updateTrigger({
    ...{ triggerId, etag: trigger.etag },
    trigger: { triggerEvent: 'custom.checked_in' },
  });
  await defineCheckIn([]);
  const { etag } = present(updated.trigger);
  const call = () => client.triggers.rollbackTrigger({ triggerId, etag, version: 1 });
  await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', [FIELD]);
});

it('by ActivateWorkflow', async () => {
  await defineCheckIn([]);
  const { workflowId } = trigger;
  const call = () => client.workflows.activateWorkflow({ workflowId });
  await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', [FIELD]);
});
