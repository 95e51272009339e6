/** Imports the file of a training app: first what would become of its rows, then the import with its progress. */
import { useId, useRef, useState } from 'react';
import type { Lift } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { DateOrder, type TrainingLogReport } from '../../../src/gen/progression/v1/training_log_pb.ts';
import { progressions } from '../calls/clients.ts';
import { ActionDialog, under } from './action-dialog.tsx';
import { ImportReport } from './import-report.tsx';

interface ImportLogProps {
  readonly userId: string;
  /** The lifts of the athlete's program. */
  readonly lifts: readonly Lift[];
  readonly onImported: (report: TrainingLogReport) => void;
  readonly onClose: () => void;
}

interface Progress {
  readonly done: number;
  readonly all: number;
}

export function ImportLog({ userId, lifts, onImported, onClose }: ImportLogProps) {
  const [file, setFile] = useState<File>();
  const [unit, setUnit] = useState<WeightUnit>(WeightUnit.UNSPECIFIED);
  const [dateOrder, setDateOrder] = useState<DateOrder>(DateOrder.UNSPECIFIED);
  const [report, setReport] = useState<TrainingLogReport>();
  const [liftOf, setLiftOf] = useState<Readonly<Record<string, string>>>({});
  const [progress, setProgress] = useState<Progress>();
  const stopping = useRef(new AbortController());
  const unknown = [...new Set([...Object.keys(liftOf), ...unknownExercises(report)])];

  /** Answers the report; each answer before it says how far the import is. */
  async function send(validateOnly: boolean, options: object): Promise<TrainingLogReport | undefined> {
    const content = new Uint8Array(await (file as File).arrayBuffer());
    const exercises = Object.entries(liftOf).flatMap(([exercise, liftSlug]) =>
      liftSlug ? [{ exercise, liftSlug }] : [],
    );
    const request = { userId, content, unit, dateOrder, exercises, validateOnly };
    const answers = progressions.importTrainingLog(request, { ...options, signal: stopping.current.signal });
    let last: TrainingLogReport | undefined;
    for await (const answer of answers) {
      setProgress(validateOnly ? undefined : { done: answer.importedSessions, all: answer.sessionCount });
      last = answer.report ?? last;
    }
    return last;
  }

  return (
    <ActionDialog
      title="Import a training log"
      input={JSON.stringify([file?.name, file?.lastModified, file?.size, unit, dateOrder, liftOf])}
      onClose={() => {
        stopping.current.abort();
        onClose();
      }}
      preview={async () => {
        const found = await send(true, {});
        setReport(found);
        return found && <ImportReport report={found} />;
      }}
      confirm={async (requestId) => {
        const imported = await send(false, under(requestId));
        if (imported) {
          onImported(imported);
        }
      }}
    >
      <label>
        File that the app exported
        <input
          type="file"
          required
          accept=".csv,.tsv,.txt"
          onChange={(event) => choose(event.target.files)}
        />
      </label>
      <Choice
        label="Unit of weights, where the file has none"
        value={unit}
        choices={[
          [WeightUnit.UNSPECIFIED, 'That of the program'],
          [WeightUnit.KILOGRAM, 'Kilograms'],
          [WeightUnit.POUND, 'Pounds'],
        ]}
        onChange={setUnit}
      />
      <Choice
        label="Dates such as 03/04/2024"
        value={dateOrder}
        choices={[
          [DateOrder.UNSPECIFIED, 'As the other dates of the file show'],
          [DateOrder.DAY_FIRST, 'Day first'],
          [DateOrder.MONTH_FIRST, 'Month first'],
        ]}
        onChange={setDateOrder}
      />
      {unknown.length > 0 && (
        <fieldset className="exercises">
          <legend>Exercises of the file that are no lift of the program</legend>
          {unknown.map((exercise) => (
            <Choice
              key={exercise}
              label={exercise}
              value={liftOf[exercise] ?? ''}
              choices={[['', 'Leave out'], ...lifts.map(({ slug, name }): [string, string] => [slug, name])]}
              onChange={(slug) => setLiftOf({ ...liftOf, [exercise]: slug })}
            />
          ))}
        </fieldset>
      )}
      {progress && (
        <p>
          <progress max={progress.all} value={progress.done} aria-label="Imported sessions" /> {progress.done}{' '}
          of {progress.all} sessions
        </p>
      )}
    </ActionDialog>
  );

  function choose(files: FileList | null): void {
    setFile(files?.[0]);
    setReport(undefined);
    setLiftOf({});
  }
}

function unknownExercises(report: TrainingLogReport | undefined): readonly string[] {
  return report?.unused.find(({ reason }) => reason === 'NOT_IN_PROGRAM')?.examples ?? [];
}

interface ChoiceProps<T extends string | number> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

function Choice<T extends string | number>({ label, value, choices, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={({ target }) => onChange(choices[target.selectedIndex]?.[0] ?? value)}
      >
        {choices.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
