/** CreateWorkflowFromTemplate: a DRAFT from a template, validated like any other. */
import { create } from '@bufbuild/protobuf';
import { DomainError, type FieldViolation } from '../../domain-error.ts';
import { ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import { TriggerInputSchema } from '../../gen/automation/v1/trigger_pb.ts';
import type { CreateWorkflowFromTemplateRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { addWorkflow } from './add-workflow.ts';
import type { Configured } from './configured.ts';
import { bumpRevision } from './revision.ts';
import { loadRulebook, type RulebookConfig } from './rulebook.ts';
import { canonicalActions } from './stored-actions.ts';
import type { Template } from './templates/template.ts';
import { TEMPLATES } from './templates/templates.ts';
import { validateNewWorkflow } from './validation/validate-new-workflow.ts';
import { requireNone } from './validation/violations.ts';

/** TEMPLATE_NOT_FOUND; VALIDATION_FAILED naming the parameters that are not acceptable. */
export async function createWorkflowFromTemplate(
  change: Change,
  request: CreateWorkflowFromTemplateRequest,
  config: RulebookConfig,
): Promise<Configured> {
  const revision = await bumpRevision(change.tx);
  const template = requireTemplate(request.template);
  requireNone(parameterFaults(template, request.parameters));
  const rulebook = await loadRulebook(change.tx, config);
  const input = inputOf(template, request);
  const read = await validateNewWorkflow(change.tx, input, rulebook);
  requireNone(inParameters(template, read.violations));
  const draft = { ...input, trigger: read.trigger };
  const action = 'CreateWorkflowFromTemplate';
  return addWorkflow(change, revision, draft, { rulebook, action });
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

function inputOf(template: Template, { name, parameters }: CreateWorkflowFromTemplateRequest) {
  const defaults = new Map(template.parameters.map((each) => [each.name, each.defaultValue]));
  const { trigger, actions } = template.build((parameter) =>
    Object.hasOwn(parameters, parameter) && parameters[parameter]
      ? parameters[parameter]
      : (defaults.get(parameter) ?? ''),
  );
  return {
    name: name || template.name,
    description: template.description,
    trigger: create(TriggerInputSchema, trigger),
    actions: canonicalActions(actions.map((action) => create(ActionSchema, action))),
  };
}

/** Says of each fault which parameter brought it, once; what no parameter brought keeps its path. */
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
