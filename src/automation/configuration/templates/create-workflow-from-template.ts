/**
 * CreateWorkflowFromTemplate: creates a DRAFT from a template, validated like any other. ListTemplates: the
 * templates with their default values.
 */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { canonicalTags } from '../../../athletes/tags.ts';
import { DomainError, type FieldViolation } from '../../../errors/domain-error.ts';
import { ActionSchema } from '../../../gen/automation/v1/action_pb.ts';
import { TriggerInputSchema } from '../../../gen/automation/v1/trigger_pb.ts';
import {
  type CreateWorkflowFromTemplateRequest,
  ExitGoalSchema,
  type TemplateSchema,
} from '../../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../../store/change.ts';
import { type Configured, type ContextConfig, loadConfigurationContext } from '../configuration-context.ts';
import { addWorkflow } from '../create-workflow.ts';
import { bumpRevision } from '../etag.ts';
import { canonicalActions } from '../stored-actions.ts';
import { canonicalExits } from '../stored-exits.ts';
import { requireNone } from '../validation/field-checks.ts';
import { validateNewWorkflow } from '../validation/validate-workflow.ts';
import type { Template } from './template.ts';
import { TEMPLATES } from './templates.ts';

/** TEMPLATE_NOT_FOUND; VALIDATION_FAILED naming the invalid parameters. */
export async function createWorkflowFromTemplate(
  change: Change,
  request: CreateWorkflowFromTemplateRequest,
  config: ContextConfig,
): Promise<Configured> {
  const revision = await bumpRevision(change.tx);
  const template = requireTemplate(request.template);
  requireNone(parameterFaults(template, request.parameters));
  const context = await loadConfigurationContext(change.tx, config);
  const input = inputOf(template, request);
  const read = await validateNewWorkflow(change.tx, input, context);
  requireNone(inParameters(template, read.violations));
  const draft = { ...input, trigger: read.trigger };
  const action = 'CreateWorkflowFromTemplate';
  return addWorkflow(change, revision, draft, { context, action });
}

function requireTemplate(slug: string): Template {
  const template = TEMPLATES.find((each) => each.slug === slug);
  if (!template) {
    throw new DomainError('TEMPLATE_NOT_FOUND', 'there is no such template; ListTemplates has them all');
  }
  return template;
}

function parameterFaults(
  { slug, parameters }: Template,
  given: Readonly<Record<string, string>>,
): FieldViolation[] {
  const missing = parameters.filter(
    ({ name, defaultValue, isOptional }) => !defaultValue && !isOptional && !given[name],
  );
  const names = parameters.map(({ name }) => name);
  const unknown = Object.keys(given).some((name) => !names.includes(name));
  return [
    ...missing.map(({ name }) => ({ field: `parameters["${name}"]`, description: 'is required' })),
    ...(unknown ? [{ field: 'parameters', description: `${slug} takes ${names.join(', ')}` }] : []),
  ];
}

function inputOf(template: Template, { name, parameters, tags }: CreateWorkflowFromTemplateRequest) {
  const defaults = new Map(template.parameters.map((each) => [each.name, each.defaultValue]));
  const {
    trigger,
    actions,
    exits = [],
  } = template.build((parameter) =>
    Object.hasOwn(parameters, parameter) && parameters[parameter]
      ? parameters[parameter]
      : (defaults.get(parameter) ?? ''),
  );
  return {
    name: name || template.name,
    description: template.description,
    tags: canonicalTags(tags),
    trigger: create(TriggerInputSchema, trigger),
    actions: canonicalActions(actions.map((action) => create(ActionSchema, action))),
    exits: canonicalExits(exits.map((exit) => create(ExitGoalSchema, exit))),
  };
}

/** Maps each violation to the parameter that caused it, once; others keep their path. */
function inParameters(
  { parameters }: Template,
  violations: readonly FieldViolation[],
): readonly FieldViolation[] {
  const named = violations.map(({ field, description }) => {
    const parameter = parameters.find(({ fills }) => fills.includes(field));
    return { field: parameter ? `parameters["${parameter.name}"]` : field, description };
  });
  return named.filter(({ field }, index) => named.findIndex((each) => each.field === field) === index);
}

export function listTemplates(): MessageInitShape<typeof TemplateSchema>[] {
  return TEMPLATES.map(({ slug, name, description, parameters, build }) => {
    const defaults = new Map(parameters.map((parameter) => [parameter.name, parameter.defaultValue]));
    const { trigger, actions, exits = [] } = build((parameter) => defaults.get(parameter) ?? '');
    return {
      ...{ slug, name, description, trigger, actions: [...actions], exits: [...exits] },
      parameters: parameters.map((parameter) => ({
        name: parameter.name,
        description: parameter.description,
        defaultValue: parameter.defaultValue,
      })),
    };
  });
}
