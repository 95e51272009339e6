/** A request that breaks the contract's rules also gets the violations of further checks, and nothing is stored. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createConfigurationChecks } from '../../../src/automation/configuration/validation/configuration-checks.ts';
import { createTriggerService } from '../../../src/automation/trigger-service.ts';
import { createWorkflowService } from '../../../src/automation/workflow-service.ts';
import { readConfig } from '../../../src/config/config.ts';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import type { Database } from '../../../src/store/database.ts';
import { systemClock } from '../../../src/values/system-clock.ts';
import { UNARY_JSON } from '../../calls/json-calls.ts';
import { startTestServer, USER_ID } from '../../server/test-server.ts';
import { type AutomationClient, createAutomationClient, createWorkflow } from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeAll(() => {
  client = createAutomationClient(db.database);
});

const NOTHING = {};
const TAG = { action: { case: 'addTag', value: { tag: ' a' } } } as const;

describe('an action without a kind', () => {
  it('hides no other fault of a new workflow', async () => {
    const trigger = { triggerEvent: 'nothing_happened', settings: { priority: 10 } };
    await expectRefusedUnchanged(
      db.database,
      () => client.workflows.createWorkflow({ name: '', actions: [TAG, NOTHING, TAG], trigger }),
      'VALIDATION_FAILED',
      [
        'actions[1].action',
        'name',
        'actions[0].add_tag.tag',
        'actions[2].add_tag.tag',
        'trigger.trigger_event',
        'trigger.settings.priority',
      ],
    );
  });

  it('hides no other fault of a change', async () => {
    const { id, etag } = await createWorkflow(client);
    const call = client.workflows.updateWorkflow({
      ...{ workflowId: id, etag, name: '' },
      actions: { actions: [NOTHING, TAG] },
    });
    await expectRefusal(call, 'VALIDATION_FAILED', [
      'actions.actions[0].action',
      'name',
      'actions.actions[1].add_tag.tag',
    ]);
  });
});

it('an invalid workflow id hides no fault of its trigger', async () => {
  const trigger = { triggerEvent: 'nothing_happened' };
  const configured = client.triggers.configureTrigger({ workflowId: 'x', trigger });
  await expectRefusal(configured, 'VALIDATION_FAILED', ['workflow_id', 'trigger.trigger_event']);
  const updated = client.triggers.updateTrigger({ triggerId: 'x', trigger });
  await expectRefusal(updated, 'VALIDATION_FAILED', ['trigger_id', 'trigger.trigger_event']);
});

async function startServer(database: Database) {
  const deps = { database, clock: systemClock, config: readConfig({}) };
  return startTestServer({
    routes(router) {
      router.service(WorkflowService, createWorkflowService(deps));
      router.service(TriggerService, createTriggerService(deps));
    },
    furtherChecks: createConfigurationChecks(deps),
  });
}

const CREATE_WORKFLOW = 'automation.v1.WorkflowService/CreateWorkflow';
const MISTAKES = JSON.stringify({
  name: '',
  actions: [{ addTag: 'x' }, { addTg: { tag: 'y' } }, { leaveProgram: {} }],
  trigger: {
    triggerEvent: 'session_missed',
    filter: { condtions: [], conditions: [{ field: 'week_number', operator: 'resembles' }] },
    settings: { policy: 'MULTIPLE', cooldown: '30d', priority: 10 },
  },
});

describe.each(Object.entries(UNARY_JSON))('JSON with faults: %s', (_, call) => {
  it('is answered with them and all other violations', async () => {
    const { url } = await startServer(db.database);
    const answer = await call(url, CREATE_WORKFLOW, MISTAKES, { 'idempotency-key': USER_ID });
    expect(answer).toMatchObject({ code: 'invalid_argument', reason: 'VALIDATION_FAILED' });
    expect(answer.violations.map(({ field }) => field)).toEqual([
      'actions[0].add_tag',
      'actions[1].addTg',
      'trigger.filter.condtions',
      'trigger.settings.policy',
      'trigger.settings.cooldown',
      'name',
      'actions[2].leave_program.status',
      'trigger.filter.conditions[0].operator',
      'trigger.settings.priority',
    ]);
  });

  it('is answered with only them while the database is unavailable', async () => {
    const away = new DomainError('DATABASE_UNAVAILABLE', 'the database is away');
    const { url } = await startServer({ ...db.database, transaction: () => Promise.reject(away) });
    const answer = await call(url, CREATE_WORKFLOW, MISTAKES, { 'idempotency-key': USER_ID });
    expect(answer).toMatchObject({ code: 'invalid_argument', reason: 'VALIDATION_FAILED' });
    expect(answer.violations).toHaveLength(5);
  });
});
