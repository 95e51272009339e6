/** ImportWorkflow: creates a DRAFT from a file of ExportWorkflow, with the things of this account that it names. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { canonicalTags } from '../../../athletes/tags.ts';
import { invalidFields } from '../../../errors/domain-error.ts';
import {
  type ImportWorkflowRequest,
  type ImportWorkflowResponseSchema,
  ReferenceKind,
  type WorkflowFile,
  WorkflowFileSchema,
  type WorkflowReference,
  WorkflowReferenceSchema,
} from '../../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../../store/change.ts';
import { type ContextConfig, loadConfigurationContext } from '../configuration-context.ts';
import { addWorkflow } from '../create-workflow.ts';
import { bumpRevision } from '../etag.ts';
import { configuredMessage } from '../messages.ts';
import { loadReferences } from '../references.ts';
import { canonicalActions } from '../stored-actions.ts';
import { canonicalExits } from '../stored-exits.ts';
import { requireNone } from '../validation/field-checks.ts';
import { validateNewWorkflow } from '../validation/validate-workflow.ts';
import { missingSecrets } from '../warnings.ts';
import { FILE_FORMAT } from './export-workflow.ts';
import { missingRule, resolveReferences, secretNamesIn } from './file-references.ts';
import { mapStrings } from './map-strings.ts';

const TOKEN = /<[a-z]+:[a-z0-9:-]+>/g;

/**
 * VALIDATION_FAILED, with paths in the file; what is missing is such a violation unless the request has validate_only: then it
 * is answered.
 */
export async function importWorkflow(
  change: Change,
  { file: given, name, mapping, validateOnly }: ImportWorkflowRequest,
  config: ContextConfig,
): Promise<MessageInitShape<typeof ImportWorkflowResponseSchema>> {
  const { tx } = change;
  const source = requireFile(given);
  const revision = await bumpRevision(tx);
  const { ids, violations, missing: unknown } = await resolveReferences(tx, source.references, mapping);
  requireNone(violations);
  const file = mapStrings(WorkflowFileSchema, source, (text) =>
    text.replaceAll(TOKEN, (token) => ids.get(token) ?? token),
  );
  const actions = canonicalActions(file.actions);
  const { secrets } = await loadReferences(tx, actions, config);
  const missing = [
    ...unknown,
    ...secretNamesIn(actions, config.limits)
      .filter((key) => !secrets.has(key))
      .map((key) => create(WorkflowReferenceSchema, { kind: ReferenceKind.SECRET, key })),
  ];
  if (missing.length > 0) {
    if (validateOnly) {
      return { missing };
    }
    throw invalidFields(
      missing.map((each) => ({ field: placeOf(each, source), description: missingRule(each) })),
    );
  }
  const context = await loadConfigurationContext(tx, config);
  const exits = canonicalExits(file.exits);
  const input = {
    name: name || file.name,
    description: file.description,
    tags: canonicalTags(file.tags),
    actions,
    exits,
    trigger: file.trigger,
  };
  const read = await validateNewWorkflow(tx, input, context);
  requireNone(
    read.violations.map(({ field, description }) => ({
      field: field === 'name' && name ? field : `file.${field}`,
      description,
    })),
  );
  const draft = { ...input, trigger: read.trigger };
  const made = await addWorkflow(change, revision, draft, { context, action: 'ImportWorkflow' });
  const unsigned = missingSecrets(file.actions, actions, 'file.actions');
  return configuredMessage({ ...made, warnings: [...unsigned, ...made.warnings] });
}

/** Throws VALIDATION_FAILED for a file of another form. */
function requireFile(file: WorkflowFile | undefined): WorkflowFile {
  if (file?.format !== FILE_FORMAT) {
    const rule = `must be ${FILE_FORMAT}, as ExportWorkflow writes it`;
    throw invalidFields([{ field: 'file.format', description: `${rule}; was ${file?.format ?? 0}` }]);
  }
  return file;
}

/** The reference's place in the file; a secret that the file does not list is one of its actions. */
function placeOf(missing: WorkflowReference, { references }: WorkflowFile): string {
  const index = references.findIndex(
    ({ token, kind, key }) => token === missing.token && kind === missing.kind && key === missing.key,
  );
  return index === -1 ? 'file.actions' : `file.references[${index}]`;
}
