/** Makes a workflow, or changes one, with what the service says about it beside the form. */
import { useQuery } from '@connectrpc/connect-query';
import { type FormEvent, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Warning } from '../../../../src/gen/automation/v1/trigger_pb.ts';
import { TriggerService } from '../../../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  type Workflow,
  WorkflowSchema,
  WorkflowService,
} from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import { workflows } from '../../calls/clients.ts';
import { describeError, type Refusal } from '../../calls/describe-error.ts';
import { queryClient } from '../../calls/transport.ts';
import { Answer, Problem } from '../../parts/states.tsx';
import { useNames } from '../../words/names.ts';
import { describeMovedRuns, type MovedRuns, MoveRuns } from '../move-runs.tsx';
import { StatusButtons } from '../status-buttons.tsx';
import { inputOfTrigger } from '../trigger-input.ts';
import { type BuilderContext, BuilderProvider } from './builder-context.ts';
import { type Draft, draftOfTemplate, draftOfWorkflow, EMPTY_DRAFT, objectsIn, valueAt } from './draft.ts';
import { FieldRow, Violations } from './field-row.tsx';
import { FieldEditor } from './message-fields.tsx';
import { PreviewPanel, usePreview } from './preview-panel.tsx';
import { changesRuns, createWorkflow, isSame, updateWorkflow } from './save-workflow.ts';
import { StepList } from './step-list.tsx';
import { TestPanel } from './test-panel.tsx';
import { TriggerEditor } from './trigger-editor.tsx';
import './builder.css';
import { Title } from '../../parts/title.tsx';

export default function BuilderPage({ workflowId }: { workflowId?: string }) {
  return workflowId ? <EditWorkflow workflowId={workflowId} /> : <Builder stored={undefined} />;
}

function EditWorkflow({ workflowId }: { workflowId: string }) {
  const answer = useQuery(WorkflowService.method.getWorkflow, { workflowId });
  return (
    <Answer query={answer} page="Workflow">
      {({ workflow }) => workflow && <Builder stored={workflow} />}
    </Answer>
  );
}

/** What was refused, and the draft that it is about. */
interface Refused {
  readonly draft: Draft;
  readonly error: unknown;
}

function Builder({ stored }: { stored: Workflow | undefined }) {
  const [, navigate] = useLocation();
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState(() => (stored ? draftOfWorkflow(stored) : EMPTY_DRAFT));
  const [refused, setRefused] = useState<Refused>();
  const [warnings, setWarnings] = useState<readonly Warning[]>([]);
  const [moveRuns, setMoveRuns] = useState(false);
  const [movedRuns, setMovedRuns] = useState<MovedRuns>();
  const [isSaving, setIsSaving] = useState(false);
  const preview = usePreview(draft.trigger);
  const context = useContextOf(draft, refused, preview.isSettled ? preview.error : undefined);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const isChanged = !base || !isSame(draft, draftOfWorkflow(base));
  if (stored && base !== stored && !isChanged && !isSaving) {
    // It was activated, or changed by another person, while nothing was edited here.
    rebase(stored);
  }

  function rebase(workflow: Workflow): void {
    setBase(workflow);
    setDraft(draftOfWorkflow(workflow));
  }

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    setIsSaving(true);
    try {
      const saved = await (base
        ? updateWorkflow(base, draft, { moveRuns, onStored: setBase })
        : createWorkflow(draft));
      const { workflow } = await workflows.getWorkflow({ workflowId: saved.workflowId });
      setRefused(undefined);
      setWarnings(saved.warnings);
      setMovedRuns(saved.runs);
      setMoveRuns(false);
      if (base && workflow) {
        rebase(workflow);
      } else {
        navigate(`/workflows/${saved.workflowId}/edit`, { replace: true });
      }
    } catch (error) {
      setRefused({ draft, error });
    } finally {
      await queryClient.invalidateQueries();
      setIsSaving(false);
    }
  }

  return (
    <BuilderProvider value={context}>
      <Title>{stored ? `Change “${stored.name}”` : 'New workflow'}</Title>
      <p className="crumbs">
        <Link href="/workflows">Workflows</Link>
        {stored && (
          <>
            {' / '}
            <Link href={`/workflows/${stored.id}`}>{stored.name}</Link>
          </>
        )}
      </p>
      <header className="heading">
        <h1>{stored ? `Change “${stored.name}”` : 'New workflow'}</h1>
        {stored ? (
          <StatusButtons workflow={stored} isHeld={isChanged} />
        ) : (
          <TemplateChoice onChoose={setDraft} />
        )}
      </header>
      <div className="columns builder">
        <form className="stack" onSubmit={save} noValidate>
          <section className="panel">
            <FieldRow label="Name" path="name">
              {(control) => (
                <input
                  type="text"
                  {...control}
                  value={draft.name}
                  onChange={({ target }) => change({ name: target.value })}
                />
              )}
            </FieldRow>
            <FieldRow label="Description" path="description">
              {(control) => (
                <textarea
                  rows={2}
                  {...control}
                  value={draft.description}
                  onChange={({ target }) => change({ description: target.value })}
                />
              )}
            </FieldRow>
          </section>
          {base?.trigger?.problem && (
            <p className="banner">
              The stored trigger cannot be read ({base.trigger.problem}): every event of its type fails. What
              is saved here replaces it.
            </p>
          )}
          <TriggerEditor trigger={draft.trigger} onChange={(trigger) => change({ trigger })} />
          <section className="panel">
            <h2>Then</h2>
            <Violations path="actions" />
            <StepList steps={draft.actions} path="actions" onChange={(actions) => change({ actions })} />
          </section>
          <section className="panel">
            <h2>Until</h2>
            <FieldEditor
              field={WorkflowSchema.field.exits}
              label="Goals"
              path="exits"
              value={[...draft.exits]}
              onChange={(exits) => change({ exits: objectsIn(exits) })}
            />
          </section>
          {refused && <Problem error={refused.error} />}
          {warnings.map(({ reason, message }) => (
            <p key={`${reason} ${message}`} className="banner">
              {message} <code>{reason}</code>
            </p>
          ))}
          {base && changesRuns(base, draft) && (
            <MoveRuns workflowId={base.id} value={moveRuns} onChange={setMoveRuns} />
          )}
          <p className="send">
            <button type="submit" className="primary" disabled={isSaving || !isChanged}>
              {stored ? 'Save' : 'Save as a draft'}
            </button>
            {!isChanged && <span role="status">Saved. {movedRuns && describeMovedRuns(movedRuns)}</span>}
          </p>
        </form>
        <div className="side">
          <PreviewPanel preview={preview} />
          <TestPanel
            trigger={base?.trigger}
            eventType={context.eventType}
            isChanged={!base?.trigger || !isSame(draft.trigger, inputOfTrigger(base.trigger))}
          />
        </div>
      </div>
    </BuilderProvider>
  );
}

function TemplateChoice({ onChoose }: { onChoose: (draft: Draft) => void }) {
  const { data } = useQuery(
    WorkflowService.method.listTemplates,
    {},
    { staleTime: Number.POSITIVE_INFINITY },
  );
  return (
    <label className="choice">
      <span className="unseen">Start from a template</span>
      <select
        value=""
        onChange={({ target }) => {
          const template = data?.templates.find(({ slug }) => slug === target.value);
          if (template) {
            onChoose(draftOfTemplate(template));
          }
        }}
      >
        <option value="">Start from a template …</option>
        {data?.templates.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function useContextOf(draft: Draft, refused: Refused | undefined, previewError: unknown): BuilderContext {
  const { data: types } = useQuery(TriggerService.method.listEventTypes, {}, { staleTime: 60_000 });
  const { data: account } = useQuery(TriggerService.method.listFields, {}, { staleTime: 60_000 });
  const names = useNames();
  const eventTypes = types?.eventTypes ?? [];
  const violations = useMemo(
    () => violationsOf(draft, refused, previewError),
    [draft, refused, previewError],
  );
  return {
    ...{ eventTypes, names, violations },
    actions: draft.actions,
    accountFields: account?.fields ?? [],
    eventType: eventTypes.find(({ name }) => name === draft.trigger.triggerEvent),
  };
}

/**
 * By path. What a save was refused for is told until the field changes; of a preview, what is wrong with fields that
 * have a value: the others may be filled in yet.
 */
function violationsOf(
  draft: Draft,
  refused: Refused | undefined,
  previewError: unknown,
): ReadonlyMap<string, readonly string[]> {
  const found: Refusal['violations'] = [
    ...(refused ? describeError(refused.error).violations : [])
      .map(({ field, description }) => ({
        field: field.replace(/^(actions\.actions|exits\.exits)/, (list) => `${list.split('.')[0]}`),
        description,
      }))
      .filter(({ field }) => isSame(valueAt(draft, field), valueAt(refused?.draft ?? draft, field))),
    ...(previewError ? describeError(previewError).violations : []).filter(
      ({ field }) => valueAt(draft, field) !== undefined,
    ),
  ];
  const byField = Map.groupBy(found, ({ field }) => field);
  return new Map(
    [...byField].map(([field, all]) => [field, [...new Set(all.map(({ description }) => description))]]),
  );
}
