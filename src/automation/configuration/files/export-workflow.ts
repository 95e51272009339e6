/** ExportWorkflow: a workflow as a file without ids, secrets or webhook secrets. */
import { create } from '@bufbuild/protobuf';
import { hideSecrets } from '../../../calls/secret-fields.ts';
import type { Limits } from '../../../config/config.ts';
import {
  ReferenceKind,
  type WorkflowFile,
  WorkflowFileSchema,
  type WorkflowReference,
  WorkflowReferenceSchema,
} from '../../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import type { WorkflowTrigger } from '../../../store/entities/workflow-trigger.ts';
import { filterToMessage } from '../filter-message.ts';
import { readStoredActions } from '../stored-actions.ts';
import { readStoredExits } from '../stored-exits.ts';
import { readStoredTrigger } from '../trigger-draft.ts';
import { lastTriggerOf, requireWorkflow } from '../workflows.ts';
import { type Identified, identify, secretNamesIn } from './file-references.ts';
import { mapStrings } from './map-strings.ts';

/** The version of the file's form. */
export const FILE_FORMAT = 1;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** WORKFLOW_NOT_FOUND. */
export async function exportWorkflow(
  tx: Transaction,
  workflowId: string,
  limits: Limits,
): Promise<WorkflowFile> {
  const workflow = await requireWorkflow(tx, workflowId);
  const trigger = await lastTriggerOf(tx, workflow);
  const { name, description, tags } = workflow;
  const actions = readStoredActions(workflow.actions);
  const file = create(WorkflowFileSchema, {
    ...{ format: FILE_FORMAT, name, description, tags, actions, exits: readStoredExits(workflow.exits) },
    ...(trigger ? { trigger: inputOf(trigger) } : {}),
  });
  const ids = new Set<string>();
  mapStrings(WorkflowFileSchema, file, (text) => {
    for (const [id] of text.matchAll(UUID)) {
      ids.add(id.toLowerCase());
    }
    return text;
  });
  const tokens = tokensOf(await identify(tx, [...ids]));
  const exported = mapStrings(WorkflowFileSchema, file, (text) =>
    text.replaceAll(UUID, (id) => tokens.get(id.toLowerCase())?.token ?? id),
  );
  exported.references = [
    ...tokens.values(),
    ...secretNamesIn(actions, limits).map((key) =>
      create(WorkflowReferenceSchema, { kind: ReferenceKind.SECRET, key }),
    ),
  ];
  return hideSecrets(WorkflowFileSchema, exported);
}

function inputOf(trigger: WorkflowTrigger) {
  const { triggerType, triggerEvent, filter, settings, isActive } = readStoredTrigger(trigger);
  return { triggerType, triggerEvent, filter: filterToMessage(filter), settings, isActive };
}

/** By id. A slug names one token: a second thing of the same slug, which is deleted, is told apart by a number. */
function tokensOf(found: readonly Identified[]): ReadonlyMap<string, WorkflowReference> {
  const taken = new Set<string>();
  const tokens = new Map<string, WorkflowReference>();
  for (const { id, kind, key } of found) {
    const hasSlug = kind === 'PROGRAM' || kind === 'LIFT';
    const noun = kind.toLowerCase();
    const unnumbered = hasSlug ? `${noun}:${key}` : noun;
    let token = hasSlug ? `<${unnumbered}>` : `<${unnumbered}:1>`;
    for (let number = 2; taken.has(token); number += 1) {
      token = `<${unnumbered}:${number}>`;
    }
    taken.add(token);
    tokens.set(id, create(WorkflowReferenceSchema, { token, kind: ReferenceKind[kind], key }));
  }
  return tokens;
}
