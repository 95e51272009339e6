/** ListTemplates: ready-made workflows, as they are with their parameters' default values. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TemplateSchema } from '../../gen/automation/v1/workflow_service_pb.ts';
import { TEMPLATES } from './templates/templates.ts';

export function listTemplates(): MessageInitShape<typeof TemplateSchema>[] {
  return TEMPLATES.map(({ slug, name, description, parameters, build }) => {
    const defaults = new Map(parameters.map((parameter) => [parameter.name, parameter.defaultValue]));
    const { trigger, actions } = build((parameter) => defaults.get(parameter) ?? '');
    return {
      ...{ slug, name, description, trigger, actions: [...actions] },
      parameters: parameters.map((parameter) => ({
        name: parameter.name,
        description: parameter.description,
        defaultValue: parameter.defaultValue,
      })),
    };
  });
}
