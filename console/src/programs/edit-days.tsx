/** Changes the days of a program and what they prescribe, with the result in words beside it. */
import { type JsonObject, toJson } from '@bufbuild/protobuf';
import { type FormEvent, useMemo, useState } from 'react';
import {
  type Program,
  type ProgramDay,
  ProgramDaySchema,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { programs } from '../calls/clients.ts';
import { describeError } from '../calls/describe-error.ts';
import { queryClient } from '../calls/transport.ts';
import { Problem } from '../parts/states.tsx';
import type { Names } from '../words/names.ts';
import { BuilderProvider } from '../workflows/builder/builder-context.ts';
import { objectsIn, readJson, withField, withItem } from '../workflows/builder/draft.ts';
import { FieldRow, Violations } from '../workflows/builder/field-row.tsx';
import { MessageFields } from '../workflows/builder/message-fields.tsx';
import '../workflows/builder/builder.css';
import { ProgramDays } from './program-days.tsx';
import './edit-days.css';

interface EditDaysProps {
  readonly program: Program;
  readonly names: Names;
  readonly onClose: () => void;
}

interface Refused {
  readonly days: readonly JsonObject[];
  readonly error: unknown;
}

export function EditDays({ program, names, onClose }: EditDaysProps) {
  const [days, setDays] = useState(() =>
    program.days.map((day) => toJson(ProgramDaySchema, day) as JsonObject),
  );
  const [refused, setRefused] = useState<Refused>();
  const [isSaving, setIsSaving] = useState(false);
  const result = useMemo(() => readDays(days), [days]);
  const error = result instanceof Error ? result : refused?.days === days ? refused.error : undefined;
  const violations = useMemo(() => violationsOf(error), [error]);
  const ofProgram = { ...names, lifts: new Map(program.lifts.map((lift) => [lift.id, lift])) };
  const context = {
    eventTypes: [],
    accountFields: [],
    eventType: undefined,
    actions: [],
    names: ofProgram,
    violations,
  };

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (result instanceof Error) {
      return;
    }
    setIsSaving(true);
    try {
      await programs.updateProgram({ programId: program.id, replaceDays: true, days: [...result] });
      await queryClient.invalidateQueries();
      onClose();
    } catch (refusal) {
      setRefused({ days, error: refusal });
    } finally {
      setIsSaving(false);
    }
  }
  function swap(index: number, other: number): void {
    const moved = [...days];
    [moved[index], moved[other]] = [days[other] ?? {}, days[index] ?? {}];
    setDays(moved);
  }

  return (
    <BuilderProvider value={context}>
      <form className="stack days-editor" onSubmit={save} noValidate>
        {days.map((day, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a day that is typed has no identity but its place
          <section key={index} className="panel">
            <div className="between">
              <h2>Day {index + 1}</h2>
              <div className="step-tools">
                <button
                  type="button"
                  aria-label={`Move day ${index + 1} up`}
                  disabled={index === 0}
                  onClick={() => swap(index, index - 1)}
                >
                  ↑
                </button>
                <button
                  type="button"
                  aria-label={`Remove day ${index + 1}`}
                  onClick={() => setDays(withItem(days, index, undefined))}
                >
                  ×
                </button>
              </div>
            </div>
            <DayFields
              day={day}
              path={`days[${index}]`}
              lifts={program.lifts}
              onChange={(next) => setDays(withItem(days, index, next))}
            />
          </section>
        ))}
        <button type="button" onClick={() => setDays([...days, {}])}>
          Add a day
        </button>
        {error !== undefined && <Problem error={error} />}
        <p className="send">
          <button type="submit" className="primary" disabled={isSaving || result instanceof Error}>
            Save the days
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </p>
        {!(result instanceof Error) && (
          <ProgramDays program={{ ...program, days: [...result] }} names={names} title="As they would be" />
        )}
      </form>
    </BuilderProvider>
  );
}

interface DayFieldsProps {
  readonly day: JsonObject;
  readonly path: string;
  readonly lifts: Program['lifts'];
  readonly onChange: (day: JsonObject) => void;
}

function DayFields({ day, path, lifts, onChange }: DayFieldsProps) {
  const chosen = Array.isArray(day.liftIds) ? day.liftIds : [];
  return (
    <>
      <FieldRow label="Slug" path={`${path}.slug`}>
        {(control) => (
          <input
            type="text"
            {...control}
            value={`${day.slug ?? ''}`}
            onChange={({ target }) => onChange(withField(day, 'slug', target.value || undefined))}
          />
        )}
      </FieldRow>
      <fieldset className="group">
        <legend>Lifts</legend>
        <Violations path={`${path}.lift_ids`} />
        <p className="send">
          {lifts.map(({ id, name }) => (
            <label key={id} className="check">
              <input
                type="checkbox"
                checked={chosen.includes(id)}
                onChange={({ target }) =>
                  onChange({
                    ...day,
                    liftIds: target.checked ? [...chosen, id] : chosen.filter((each) => each !== id),
                  })
                }
              />
              {name}
            </label>
          ))}
        </p>
      </fieldset>
      <MessageFields
        schema={ProgramDaySchema}
        value={day}
        path={path}
        without={['slug', 'lift_ids']}
        onChange={onChange}
      />
    </>
  );
}

/** The error when an input does not fit the message. */
function readDays(days: readonly JsonObject[]): readonly ProgramDay[] | Error {
  try {
    return objectsIn([...days]).map((day) => readJson(ProgramDaySchema, day));
  } catch (error) {
    return error as Error;
  }
}

function violationsOf(error: unknown): ReadonlyMap<string, readonly string[]> {
  const all = error === undefined ? [] : describeError(error).violations;
  const byField = Map.groupBy(all, ({ field }) => field);
  return new Map([...byField].map(([field, found]) => [field, found.map(({ description }) => description)]));
}
