/** Refuses workflows that would start themselves again, and warns of those that might. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { DomainError } from '../../../errors/domain-error.ts';
import type { WarningSchema } from '../../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import type { Workflow } from '../../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../../store/entities/workflow-trigger.ts';
import { emissionsOf } from '../../actions/emissions.ts';
import { isTriggerActive } from '../activation.ts';
import type { ConfigurationContext } from '../configuration-context.ts';
import { readStoredActions } from '../stored-actions.ts';
import { readStoredTrigger } from '../trigger-draft.ts';
import type { WorkflowWithTrigger } from '../workflows.ts';
import type { LoopNode } from './edge.ts';
import { findLoop, type Loop } from './find-loop.ts';

export type Warning = MessageInitShape<typeof WarningSchema>;

/** The number of workflows of a path that a message names, so that it fits into error metadata. */
const TOLD_WORKFLOWS = 10;
const TOLD_NAME = 40;

/**
 * Throws TRIGGER_LOOP when the workflow is active and every step of a loop is certain. Otherwise returns
 * warnings: a loop is possible, or would exist once the workflow is activated, or the search was cut off (the
 * loop check at run time still applies). The caller has incremented the account's revision, so that no other
 * change interferes.
 */
export async function guardLoops(
  tx: Transaction,
  { workflow, trigger }: WorkflowWithTrigger,
  { types, config }: ConfigurationContext,
): Promise<Warning[]> {
  if (!trigger) {
    return [];
  }
  const { loopSteps } = config.limits;
  const loop = await findLoop(tx, nodeOf({ workflow, trigger }), types, loopSteps);
  if (loop === 'NONE') {
    return [];
  }
  if (loop === 'UNKNOWN') {
    const message =
      'too many workflows wait for what this one emits to tell whether it may set itself off again';
    return [{ reason: 'LOOP_CHECK_INCOMPLETE', message }];
  }
  if (loop.isCertain && isTriggerActive(trigger, workflow)) {
    throw new DomainError('TRIGGER_LOOP', `the workflow would set itself off again: ${routeOf(loop)}`, {
      metadata: metadataOf(loop),
    });
  }
  const [reason, may] = loop.isCertain ? ['TRIGGER_LOOP', 'will'] : ['POSSIBLE_TRIGGER_LOOP', 'may'];
  const message = `once active, the workflow ${may} set itself off again: ${routeOf(loop)}`;
  return [{ reason, message, metadata: metadataOf(loop) }];
}

function nodeOf({ workflow, trigger }: { workflow: Workflow; trigger: WorkflowTrigger }): LoopNode {
  const { triggerEvent, filter, settings } = readStoredTrigger(trigger);
  return {
    ...{ workflowId: workflow.id, name: workflow.name },
    trigger: { triggerEvent, filter, configuration: settings.configuration },
    emissions: () => readStoredActions(workflow.actions).flatMap(emissionsOf),
  };
}

function routeOf({ path }: Loop): string {
  return [...namesOf(path), namesOf(path)[0]].join(' → ');
}

function metadataOf({ path }: Loop): Record<string, string> {
  const told = path.slice(0, TOLD_WORKFLOWS);
  return {
    workflowIds: told.map(({ workflowId }) => workflowId).join(','),
    workflowNames: namesOf(path).join(' → '),
    length: String(path.length),
  };
}

function namesOf(path: readonly LoopNode[]): string[] {
  return path
    .slice(0, TOLD_WORKFLOWS)
    .map(({ name }) => (name.length > TOLD_NAME ? `${name.slice(0, TOLD_NAME).toWellFormed()}…` : name));
}
