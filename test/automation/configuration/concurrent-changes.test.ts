/** Changes at the same time: one after the other, and of two that exclude each other one. */
import { ConnectError } from '@connectrpc/connect';
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import { readRows } from '../../store/schema-dump.ts';
import {
  type AutomationClient,
  addTag,
  createAutomationClient,
  createWorkflow,
  onTag,
} from '../../support/automation.ts';
import { activityOf } from '../../support/automation-state.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
/** A second server process. */
let other: AutomationClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createAutomationClient(db.database);
  other = createAutomationClient(db.open(), { accountId: client.accountId });
});

/** `done`, or the reason of the refusal, sorted. */
async function outcomesOf(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls);
  const words = settled.map((each) =>
    each.status === 'fulfilled'
      ? 'done'
      : `${ConnectError.from(each.reason).findDetails(ErrorInfoSchema)[0]?.reason}`,
  );
  return words.sort();
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at));

describe('of ten concurrent changes', () => {
  it('one trigger is configured', async () => {
    const { workflow } = await client.workflows.createWorkflow({ name: 'X' });
    const workflowId = `${workflow?.id}`;
    const calls = times(10, (at) =>
      (at % 2 ? client : other).triggers.configureTrigger({
        workflowId,
        trigger: { triggerEvent: 'set_failed' },
      }),
    );

    expect(await outcomesOf(calls)).toEqual([...times(9, () => 'TRIGGER_EXISTS'), 'done']);
    const rows = await readRows(
      db.database,
      sql`select from workflow_triggers where workflow_id = ${workflowId}`,
    );
    expect(rows).toHaveLength(1);
  });

  it('one update with the same etag succeeds, of workflows and of triggers', async () => {
    const { id: workflowId, etag, trigger } = await createWorkflow(client);
    const { id: triggerId, etag: triggerEtag } = trigger ?? expect.unreachable('no trigger');
    const ofWorkflow = times(10, (at) =>
      (at % 2 ? client : other).workflows.updateWorkflow({ workflowId, etag, name: `Name ${at}` }),
    );
    const ofTrigger = times(10, (at) =>
      (at % 2 ? client : other).triggers.updateTrigger({
        ...{ triggerId, etag: triggerEtag },
        trigger: { triggerEvent: 'session_missed', settings: { priority: at } },
      }),
    );

    const once = [...times(9, () => 'ETAG_MISMATCH'), 'done'];
    expect(await Promise.all([outcomesOf(ofWorkflow), outcomesOf(ofTrigger)])).toEqual([once, once]);
    const { workflow } = await client.workflows.getWorkflow({ workflowId });
    expect([workflow?.version, workflow?.trigger?.version]).toEqual([2, 2]);
  });

  it('one activation makes a version', async () => {
    const { id: workflowId, trigger } = await createWorkflow(client);
    const calls = times(10, (at) => (at % 2 ? client : other).workflows.activateWorkflow({ workflowId }));

    expect(await outcomesOf(calls)).toEqual(times(10, () => 'done'));
    expect((await client.workflows.getWorkflow({ workflowId })).workflow?.version).toBe(2);
    expect(await activityOf(db.database, `${trigger?.id}`)).toEqual(['open']);
  });

  it('at most nine activations that would close a loop succeed', async () => {
    const drafts = [];
    for (const at of times(10, (each) => each)) {
      const [trigger, actions] = [onTag(`t${at}`), [addTag(`t${(at + 1) % 10}`)]];
      drafts.push(await createWorkflow(client, { name: `Workflow ${at}`, trigger, actions }));
    }
    const calls = drafts.map(({ id: workflowId }, at) =>
      (at % 2 ? client : other).workflows.activateWorkflow({ workflowId }),
    );

    expect(await outcomesOf(calls)).toEqual(['TRIGGER_LOOP', ...times(9, () => 'done')]);
  });
});
