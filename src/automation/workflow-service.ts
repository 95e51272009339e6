/** The handlers of WorkflowService: each method is in the file of its name. */
import type { ServiceImpl } from '@connectrpc/connect';
import { createCalls, type ServiceDeps } from '../calls/calls.ts';
import { WorkflowService } from '../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../store/change.ts';
import {
  enrollmentMessage,
  getRun,
  listWorkflowEnrollments,
  runMessage,
} from './actions/list-workflow-enrollments.ts';
import { redriveRuns } from './actions/redrive-runs.ts';
import { cancelRun, pauseRun, resumeRun, retryRun } from './actions/steer-run.ts';
import { cloneWorkflow } from './configuration/clone-workflow.ts';
import type { Configured } from './configuration/configuration-context.ts';
import { createWorkflow } from './configuration/create-workflow.ts';
import { deleteWorkflow } from './configuration/delete-workflow.ts';
import { exportWorkflow } from './configuration/files/export-workflow.ts';
import { importWorkflow } from './configuration/files/import-workflow.ts';
import { configuredMessage, workflowMessage, workflowVersionMessage } from './configuration/messages.ts';
import type { MovedRuns } from './configuration/move-runs.ts';
import { restoreWorkflow } from './configuration/restore-workflow.ts';
import {
  createWorkflowFromTemplate,
  listTemplates,
} from './configuration/templates/create-workflow-from-template.ts';
import { updateWorkflow } from './configuration/update-workflow.ts';
import { activateWorkflow, pauseWorkflow } from './configuration/workflow-status.ts';
import {
  compareWorkflowVersions,
  listWorkflowVersions,
  rollbackWorkflow,
} from './configuration/workflow-versions.ts';
import { getWorkflow, listWorkflows } from './configuration/workflows.ts';
import { getWorkflowStats } from './inspection/get-workflow-stats.ts';
import { backfillWorkflow } from './replay/backfill-workflow.ts';
import { cancelRuns } from './replay/cancel-runs.ts';
import { enrollAthletes } from './replay/enroll-athletes.ts';
import { deleteSecret, listSecrets, secretMessage, setSecret } from './secrets/secrets.ts';
import { simulateWorkflow } from './simulation/simulate-workflow.ts';

/** workflow_service.proto has the contract of each method. */
export function createWorkflowService(deps: ServiceDeps): Partial<ServiceImpl<typeof WorkflowService>> {
  const { read, rehearse, write, writeOrValidate } = createCalls(deps);
  const { method } = WorkflowService;
  const { config } = deps;
  const { defaultPageSize } = config.limits;
  return {
    createWorkflow: (request, context) =>
      write(method.createWorkflow, request, context, async (change) =>
        configuredMessage(await createWorkflow(change, request, config)),
      ),
    getWorkflow: (request, context) =>
      read(context, async (tx) => ({ workflow: workflowMessage(await getWorkflow(tx, request.workflowId)) })),
    listWorkflows: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listWorkflows(tx, request, defaultPageSize);
        return { workflows: rows.map(workflowMessage), ...page };
      }),
    updateWorkflow: (request, context) =>
      write(method.updateWorkflow, request, context, async (change) =>
        movedMessage(await updateWorkflow(change, request, config)),
      ),
    activateWorkflow: (request, context) =>
      write(method.activateWorkflow, request, context, async (change) =>
        configuredMessage(await activateWorkflow(change, request, config)),
      ),
    pauseWorkflow: (request, context) =>
      write(method.pauseWorkflow, request, context, async (change) => ({
        workflow: workflowMessage(await pauseWorkflow(change, request)),
      })),
    deleteWorkflow: (request, context) =>
      write(method.deleteWorkflow, request, context, async (change) => {
        await deleteWorkflow(change, request);
        return {};
      }),
    restoreWorkflow: (request, context) =>
      write(method.restoreWorkflow, request, context, async (change) =>
        configuredMessage(await restoreWorkflow(change, request.workflowId, config)),
      ),
    cloneWorkflow: (request, context) =>
      write(method.cloneWorkflow, request, context, async (change) =>
        configuredMessage(await cloneWorkflow(change, request, config)),
      ),
    exportWorkflow: (request, context) =>
      read(context, async (tx) => ({ file: await exportWorkflow(tx, request.workflowId, config.limits) })),
    importWorkflow: (request, context) =>
      writeOrValidate(method.importWorkflow, request, context, (change) =>
        importWorkflow(change, request, config),
      ),
    listWorkflowVersions: (request, context) =>
      read(context, async (tx) => {
        const { rows, workflow, ...page } = await listWorkflowVersions(tx, request, defaultPageSize);
        return { versions: rows.map((row) => workflowVersionMessage(workflow, row)), ...page };
      }),
    compareWorkflowVersions: (request, context) =>
      read(context, (tx) => compareWorkflowVersions(tx, request)),
    rollbackWorkflow: (request, context) =>
      write(method.rollbackWorkflow, request, context, async (change) =>
        movedMessage(await rollbackWorkflow(change, request, config)),
      ),
    listTemplates: () => ({ templates: listTemplates() }),
    createWorkflowFromTemplate: (request, context) =>
      write(method.createWorkflowFromTemplate, request, context, async (change) =>
        configuredMessage(await createWorkflowFromTemplate(change, request, config)),
      ),
    listWorkflowEnrollments: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listWorkflowEnrollments(tx, request, defaultPageSize);
        return { enrollments: rows.map((row) => enrollmentMessage(row)), ...page };
      }),
    getRun: (request, context) =>
      read(context, async (tx) => ({ run: runMessage(await getRun(tx, request.runId)) })),
    cancelRun: (request, context) =>
      write(method.cancelRun, request, context, (change) => steered(change, request.runId, cancelRun)),
    cancelRuns: (request, context) =>
      write(method.cancelRuns, request, context, (change) => cancelRuns(change, request, config.limits)),
    pauseRun: (request, context) =>
      write(method.pauseRun, request, context, (change) => steered(change, request.runId, pauseRun)),
    resumeRun: (request, context) =>
      write(method.resumeRun, request, context, (change) => steered(change, request.runId, resumeRun)),
    retryRun: (request, context) =>
      write(method.retryRun, request, context, (change) => steered(change, request.runId, retryRun)),
    redriveRuns: (request, context) =>
      write(method.redriveRuns, request, context, (change) => redriveRuns(change, request, config.limits)),
    enrollAthletes: (request, context) =>
      write(method.enrollAthletes, request, context, (change) =>
        enrollAthletes(change, request, config.limits),
      ),
    backfillWorkflow: (request, context) =>
      write(method.backfillWorkflow, request, context, (change) =>
        backfillWorkflow(change, request, config.limits),
      ),
    getWorkflowStats: (request, context) =>
      read(context, (tx) => getWorkflowStats(tx, request, deps.clock(), config.limits)),
    simulateWorkflow: (request, context) =>
      rehearse(method.simulateWorkflow.output, context, (tx) =>
        simulateWorkflow(tx, request, deps.clock(), deps),
      ),
    setSecret: (request, context) =>
      write(method.setSecret, request, context, async (change) => ({
        secret: secretMessage(await setSecret(change, request, config)),
      })),
    listSecrets: (_, context) =>
      read(context, async (tx) => ({ secrets: (await listSecrets(tx)).map(secretMessage) })),
    deleteSecret: (request, context) =>
      write(method.deleteSecret, request, context, async (change) => {
        await deleteSecret(change, request.name);
        return {};
      }),
  };
}

function movedMessage({ movedRunCount, keptRunCount, ...configured }: Configured & Partial<MovedRuns>) {
  return { ...configuredMessage(configured), movedRunCount, keptRunCount };
}

async function steered(
  change: Change,
  runId: string,
  steer: (change: Change, runId: string) => Promise<void>,
) {
  await steer(change, runId);
  return { run: enrollmentMessage(await getRun(change.tx, runId)) };
}
