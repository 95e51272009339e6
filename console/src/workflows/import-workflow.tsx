/** Makes a workflow of a file that another account exported; what this account does not have is chosen by hand. */
import { fromJsonString } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { useId, useState } from 'react';
import {
  ExportWorkflowResponseSchema,
  type ImportWorkflowResponse,
  ReferenceKind,
  ReferenceKindSchema,
  type WorkflowFile,
  WorkflowFileSchema,
  type WorkflowReference,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { ActionDialog, under } from '../actions/action-dialog.tsx';
import { workflows } from '../calls/clients.ts';
import { enumWords, plural } from '../words/formats.ts';
import { type Names, useNames } from '../words/names.ts';

export function ImportWorkflow({ onClose }: { onClose: () => void }) {
  const [picked, setPicked] = useState<File>();
  const [name, setName] = useState('');
  const [missing, setMissing] = useState<readonly WorkflowReference[]>([]);
  const [mapping, setMapping] = useState<Readonly<Record<string, string>>>({});
  const id = useId();
  async function requestOf() {
    const file = readFile(await (picked as File).text());
    const chosen = Object.entries(mapping).filter(([, value]) => value !== '');
    return { file, name, mapping: Object.fromEntries(chosen) };
  }
  return (
    <ActionDialog
      title="Import a workflow"
      input={JSON.stringify([picked?.name, picked?.lastModified, picked?.size, name, mapping])}
      onClose={onClose}
      preview={async () => {
        const answer = await workflows.importWorkflow({ ...(await requestOf()), validateOnly: true });
        const known = new Set(missing.map(({ token }) => token));
        setMissing([
          ...missing,
          ...answer.missing.filter(({ token, kind }) => hasChoice(kind) && !known.has(token)),
        ]);
        return <Imported answer={answer} />;
      }}
      confirm={async (requestId) => workflows.importWorkflow(await requestOf(), under(requestId))}
    >
      <label>
        File of another account
        <input
          type="file"
          required
          accept=".json,application/json"
          onChange={({ target }) => {
            setPicked(target.files?.[0]);
            setMissing([]);
            setMapping({});
          }}
        />
      </label>
      <label>
        Name, when it is to be another
        <input type="text" maxLength={200} value={name} onChange={({ target }) => setName(target.value)} />
      </label>
      {missing.length > 0 && (
        <fieldset className="exercises">
          <legend>In place of what is missing</legend>
          {missing.map((reference, index) => (
            <ReferenceChoice
              key={reference.token}
              id={`${id}-${index}`}
              reference={reference}
              value={mapping[reference.token] ?? ''}
              onChange={(value) => setMapping({ ...mapping, [reference.token]: value })}
            />
          ))}
        </fieldset>
      )}
    </ActionDialog>
  );
}

/** A file as the page exports it, or an answer of ExportWorkflow. */
function readFile(text: string): WorkflowFile {
  try {
    const isAnswer = typeof JSON.parse(text).file === 'object';
    const file = isAnswer ? fromJsonString(ExportWorkflowResponseSchema, text).file : undefined;
    return file ?? fromJsonString(WorkflowFileSchema, text);
  } catch (error) {
    throw ConnectError.from(
      `This is no file of a workflow: ${(error as Error).message}`,
      Code.InvalidArgument,
    );
  }
}

function Imported({ answer: { workflow, warnings, missing } }: { answer: ImportWorkflowResponse }) {
  return (
    <>
      {workflow && (
        <p>
          A draft, <strong>{workflow.name}</strong>, with {plural(workflow.actions.length, 'step')}.
        </p>
      )}
      {missing.length > 0 && <p>The account does not have:</p>}
      <ul className="unused">
        {missing.map(({ token, kind, key }) => (
          <li key={`${token} ${key}`}>
            {enumWords(ReferenceKindSchema, kind)} <strong>{key || token}</strong>
          </li>
        ))}
        {warnings.map(({ reason, message }) => (
          <li key={`${reason} ${message}`}>
            {message} <code>{reason}</code>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A secret has no id: it is set under its name. */
function hasChoice(kind: ReferenceKind): boolean {
  return kind !== ReferenceKind.SECRET;
}

interface ReferenceChoiceProps {
  readonly id: string;
  readonly reference: WorkflowReference;
  readonly value: string;
  readonly onChange: (id: string) => void;
}

function ReferenceChoice({ id, reference: { kind, key, token }, value, onChange }: ReferenceChoiceProps) {
  const things = thingsOf(kind, useNames());
  const control = {
    id,
    value,
    onChange: ({ target }: { target: { value: string } }) => onChange(target.value),
  };
  return (
    <div>
      <label htmlFor={id}>
        {enumWords(ReferenceKindSchema, kind)} {key || token}
      </label>
      {things ? (
        <select {...control}>
          <option value="">Choose one</option>
          {[...things.values()].map((thing) => (
            <option key={thing.id} value={thing.id}>
              {thing.name}
            </option>
          ))}
        </select>
      ) : (
        <input type="text" placeholder="its id" spellCheck={false} {...control} />
      )}
    </div>
  );
}

/** undefined: there may be too many for a list. */
function thingsOf(
  kind: ReferenceKind,
  names: Names,
): ReadonlyMap<string, { readonly id: string; readonly name: string }> | undefined {
  switch (kind) {
    case ReferenceKind.PROGRAM:
      return names.programs;
    case ReferenceKind.LIFT:
      return names.lifts;
    case ReferenceKind.PROGRESSION:
      return names.rules;
    default:
      return undefined;
  }
}
