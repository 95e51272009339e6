/** Changes the texts and the calendar of a program. */
import { useId, useState } from 'react';
import type { Program } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ActionDialog, under } from '../actions/action-dialog.tsx';
import { programs } from '../calls/clients.ts';
import { Nothing } from '../parts/states.tsx';

const FIELDS = {
  name: 'Name',
  description: 'Description',
  source: 'Source of the figures',
  weeksPerCycle: 'Weeks in a cycle',
  sessionsPerWeek: 'Sessions in a week',
  loadStep: 'Step of prescribed loads',
} as const;
type Field = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as Field[];

export function EditProgram({ program, onClose }: { program: Program; onClose: () => void }) {
  const id = useId();
  const stored = textsOf(program);
  const [texts, setTexts] = useState(stored);
  const changed = NAMES.filter((field) => texts[field] !== stored[field]);
  return (
    <ActionDialog
      title={`Change ${program.name}`}
      input={JSON.stringify(texts)}
      onClose={onClose}
      preview={async () =>
        changed.length === 0 ? (
          <Nothing>Nothing differs.</Nothing>
        ) : (
          <ul className="differences">
            {changed.map((field) => (
              <li key={field}>
                {FIELDS[field]}: <del>{stored[field]}</del> → <ins>{texts[field]}</ins>
              </li>
            ))}
          </ul>
        )
      }
      confirm={(requestId) => {
        const { name, description, source, weeksPerCycle, sessionsPerWeek, loadStep } = texts;
        const numbers = { weeksPerCycle: Number(weeksPerCycle), sessionsPerWeek: Number(sessionsPerWeek) };
        const request = { programId: program.id, name, description, source, loadStep, ...numbers };
        return programs.updateProgram(request, under(requestId));
      }}
    >
      {NAMES.map((field) => {
        const control = {
          id: `${id}-${field}`,
          value: texts[field],
          onChange: ({ target }: { target: { value: string } }) =>
            setTexts({ ...texts, [field]: target.value }),
        };
        return (
          <div key={field}>
            <label htmlFor={control.id}>{FIELDS[field]}</label>
            {field === 'description' ? (
              <textarea rows={4} {...control} />
            ) : (
              <input type={field.includes('Per') ? 'number' : 'text'} min={1} {...control} />
            )}
          </div>
        );
      })}
    </ActionDialog>
  );
}

function textsOf(program: Program): Readonly<Record<Field, string>> {
  const { name, description, source, weeksPerCycle, sessionsPerWeek, loadStep } = program;
  return {
    ...{ name, description, source, loadStep },
    ...{ weeksPerCycle: `${weeksPerCycle}`, sessionsPerWeek: `${sessionsPerWeek}` },
  };
}
