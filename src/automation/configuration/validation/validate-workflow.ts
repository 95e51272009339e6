/** Validates a workflow with its actions and its trigger, and reports all violations at once. */
import { tagViolations } from '../../../athletes/tags.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import type { TriggerInput } from '../../../gen/automation/v1/trigger_pb.ts';
import type { ExitGoal } from '../../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import type { Workflow } from '../../../store/entities/workflow.ts';
import type { ConfigurationContext } from '../configuration-context.ts';
import { loadReferences } from '../references.ts';
import { readStoredActions } from '../stored-actions.ts';
import { readStoredExits } from '../stored-exits.ts';
import type { TriggerDraft } from '../trigger-draft.ts';
import { checkText, requireNone, violationUnless } from './field-checks.ts';
import { validateActions } from './validate-actions.ts';
import { validateExits } from './validate-flow.ts';
import { readTriggerInput } from './validate-trigger.ts';

/** Violations of the name and the description. */
export function validateTexts(
  { name, description }: { name?: string | undefined; description?: string | undefined },
  { config }: ConfigurationContext,
): FieldViolation[] {
  const { workflowNameCharacters, workflowDescriptionCharacters } = config.limits;
  return [
    ...(name === undefined ? [] : checkText(name, 1, workflowNameCharacters, 'name')),
    ...(description === undefined
      ? []
      : checkText(description, 0, workflowDescriptionCharacters, 'description')),
  ];
}

/** Violations of canonical tags, with paths below `path`. */
export function validateTags(
  tags: readonly string[],
  { config: { limits } }: ConfigurationContext,
  path: string,
): FieldViolation[] {
  const { workflowTags } = limits;
  return [
    ...violationUnless(
      tags.length <= workflowTags,
      path,
      `must be ${workflowTags} tags or less; were ${tags.length}`,
    ),
    ...tagViolations(tags, path, limits),
  ];
}

/**
 * Violations of the actions, unknown references included, with paths below `path`. `triggerEvent` is that of the workflow's
 * trigger; undefined while there is none.
 */
export async function validateNamedActions(
  tx: Transaction,
  actions: readonly Action[],
  { types, config }: ConfigurationContext,
  { path, triggerEvent }: { readonly path: string; readonly triggerEvent: string | undefined },
): Promise<FieldViolation[]> {
  const references = await loadReferences(tx, actions, config);
  const triggerType = triggerEvent === undefined ? undefined : types.eventType(triggerEvent);
  const hasSecretKeys = config.secretKeys !== undefined;
  return validateActions(actions, { types, references, triggerType, hasSecretKeys, ...config }, path);
}

/** Violations that stored actions and exits have today, with paths below `actions` and `exits`; see validateNamedActions. */
export async function validateStored(
  tx: Transaction,
  { actions, exits }: Pick<Workflow, 'actions' | 'exits'>,
  context: ConfigurationContext,
  triggerEvent: string | undefined,
): Promise<FieldViolation[]> {
  const { types, config } = context;
  const read = readStoredActions(actions);
  return [
    ...(await validateNamedActions(tx, read, context, { path: 'actions', triggerEvent })),
    ...validateExits(readStoredExits(exits), { types, limits: config.limits }, 'exits'),
  ];
}

/**
 * Throws VALIDATION_FAILED when filters of the stored actions name fields that the event of the trigger's draft lacks, with
 * paths such as `workflow.actions[0].branch.filter.conditions[0].field`. Other faults are ActivateWorkflow's to report.
 */
export async function requireActionsFor(
  tx: Transaction,
  { workflow, draft }: { readonly workflow: Workflow; readonly draft: TriggerDraft },
  context: ConfigurationContext,
): Promise<void> {
  const actions = readStoredActions(workflow.actions);
  const place = { path: 'workflow.actions', triggerEvent: draft.triggerEvent };
  const violations = await validateNamedActions(tx, actions, context, place);
  requireNone(
    violations.filter(
      ({ field, description }) => field.includes('.branch.filter.') || description.includes('{{ event.'),
    ),
  );
}

export interface WorkflowInput {
  readonly name: string;
  readonly description: string;
  /** Canonical. */
  readonly tags: readonly string[];
  readonly actions: readonly Action[];
  readonly trigger: TriggerInput | undefined;
  readonly exits: readonly ExitGoal[];
}

/**
 * The trigger of the request as a draft, and every violation of the request, with paths as in the request.
 */
export async function validateNewWorkflow(
  tx: Transaction,
  input: WorkflowInput,
  context: ConfigurationContext,
): Promise<{ trigger: TriggerDraft | undefined; violations: FieldViolation[] }> {
  const { types, config } = context;
  const read = input.trigger && readTriggerInput(input.trigger, types, config.limits, 'trigger');
  const violations = [
    ...validateTexts(input, context),
    ...validateTags(input.tags, context, 'tags'),
    ...(await validateNamedActions(tx, input.actions, context, {
      path: 'actions',
      triggerEvent: read?.draft.triggerEvent,
    })),
    ...validateExits(input.exits, { types, limits: config.limits }, 'exits'),
    ...(read?.violations ?? []),
  ];
  return { trigger: read?.draft, violations };
}
