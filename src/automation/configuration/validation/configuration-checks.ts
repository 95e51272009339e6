/** What is wrong with workflows and triggers whose requests break rules of the contract as well. */
import { validate as isUuid } from 'uuid';
import { canonicalTags } from '../../../athletes/tags.ts';
import { type CheckedCall, type FurtherChecks, furtherCheck } from '../../../calls/further-checks.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { TriggerInput } from '../../../gen/automation/v1/trigger_pb.ts';
import { TriggerService } from '../../../gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../../gen/automation/v1/workflow_service_pb.ts';
import type { Database, Transaction } from '../../../store/database.ts';
import {
  type ConfigurationContext,
  type ContextConfig,
  loadConfigurationContext,
} from '../configuration-context.ts';
import { canonicalActions } from '../stored-actions.ts';
import { canonicalExits } from '../stored-exits.ts';
import { liveTriggerOf } from '../workflows.ts';
import { validateExits } from './validate-flow.ts';
import { readTriggerInput } from './validate-trigger.ts';
import {
  validateNamedActions,
  validateNewWorkflow,
  validateTags,
  validateTexts,
} from './validate-workflow.ts';

/** The checks of the methods that store or preview what a request configures. */
export function createConfigurationChecks({
  database,
  config,
}: {
  readonly database: Database;
  readonly config: ContextConfig;
}): FurtherChecks {
  function inContext(
    { accountId, limits }: CheckedCall,
    check: (tx: Transaction, context: ConfigurationContext) => FieldViolation[] | Promise<FieldViolation[]>,
  ): Promise<FieldViolation[]> {
    return database.transaction(
      accountId,
      async (tx) => check(tx, await loadConfigurationContext(tx, config)),
      limits,
    );
  }
  function checkTrigger(trigger: TriggerInput | undefined, call: CheckedCall): Promise<FieldViolation[]> {
    return inContext(call, (_, { types }) =>
      trigger ? readTriggerInput(trigger, types, config.limits, 'trigger').violations : [],
    );
  }

  const { method: ofWorkflows } = WorkflowService;
  const { method: ofTriggers } = TriggerService;
  return new Map([
    furtherCheck(ofWorkflows.createWorkflow, ({ name, description, tags, actions, trigger, exits }, call) =>
      inContext(call, async (tx, context) => {
        const input = {
          name,
          description,
          trigger,
          tags: canonicalTags(tags),
          actions: canonicalActions(actions),
          exits: canonicalExits(exits),
        };
        return (await validateNewWorkflow(tx, input, context)).violations;
      }),
    ),
    furtherCheck(ofWorkflows.updateWorkflow, (request, call) =>
      inContext(call, async (tx, context) => {
        const actions = canonicalActions(request.actions?.actions ?? []);
        const trigger = isUuid(request.workflowId) ? await liveTriggerOf(tx, request.workflowId) : null;
        return [
          ...validateTexts(request, context),
          ...validateTags(canonicalTags(request.tags?.tags ?? []), context, 'tags.tags'),
          ...(await validateNamedActions(tx, actions, context, {
            path: 'actions.actions',
            triggerEvent: trigger?.triggerEvent,
          })),
          ...validateExits(
            canonicalExits(request.exits?.exits ?? []),
            { types: context.types, limits: config.limits },
            'exits.exits',
          ),
        ];
      }),
    ),
    furtherCheck(ofTriggers.configureTrigger, ({ trigger }, call) => checkTrigger(trigger, call)),
    furtherCheck(ofTriggers.updateTrigger, ({ trigger }, call) => checkTrigger(trigger, call)),
    furtherCheck(ofTriggers.previewTrigger, ({ target }, call) =>
      checkTrigger(target.case === 'trigger' ? target.value : undefined, call),
    ),
  ]);
}
