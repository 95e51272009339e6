/** Measures the configuration of a workflow in an account with thousands of triggers. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { TriggerService } from '../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../src/gen/automation/v1/workflow_service_pb.ts';
import { percentile, reportBounded } from './figures.ts';
import { ACCOUNT_ID } from './fixture.ts';

const WORKFLOWS = 100;
const BOUND_MS = 200;

/** Creates, activates, changes and pauses one workflow after the other; p95 of each call. */
export async function measureConfiguration(url: string, event: string): Promise<Record<string, number>> {
  const transport = createGrpcTransport({ baseUrl: url });
  const workflows = createClient(WorkflowService, transport);
  const triggers = createClient(TriggerService, transport);
  const timesMs = new Map<string, number[]>();
  const timed = async <T>(
    name: string,
    call: (options: { headers: Record<string, string> }) => Promise<T>,
  ) => {
    const beganMs = performance.now();
    const answer = await call({ headers: { 'x-account-id': ACCOUNT_ID, 'x-request-id': uuidv7() } });
    timesMs.set(name, [...(timesMs.get(name) ?? []), performance.now() - beganMs]);
    return answer;
  };
  for (let n = 0; n < WORKFLOWS; n += 1) {
    const { workflow } = await timed('CreateWorkflow', (options) =>
      workflows.createWorkflow(
        {
          name: `Bench ${n}`,
          actions: [{ action: { case: 'addTag', value: { tag: 'benched' } } }],
          trigger: { triggerEvent: event, settings: { configuration: { form_id: `bench-${n}` } } },
        },
        options,
      ),
    );
    const workflowId = workflow?.id ?? '';
    await timed('ActivateWorkflow', (options) => workflows.activateWorkflow({ workflowId }, options));
    await timed('ListTriggers', (options) => triggers.listTriggers({ pageSize: 50 }, options));
    await timed('PauseWorkflow', (options) => workflows.pauseWorkflow({ workflowId }, options));
  }
  const figures: Record<string, number> = {};
  for (const [name, times] of timesMs) {
    const p95 = percentile(times, 0.95);
    reportBounded(`${name}, p95`, p95, BOUND_MS, 'ms', `p50 ${percentile(times, 0.5).toFixed(1)}`);
    figures[`${name}_p95_ms`] = Math.round(p95);
  }
  return figures;
}
