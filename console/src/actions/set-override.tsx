/** Lets a row of the program stand otherwise for one athlete. */
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { useId, useState } from 'react';
import type { Program, ProgramProgression } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { programs } from '../calls/clients.ts';
import type { Names } from '../words/names.ts';
import { ActionDialog, ReasonInput, under } from './action-dialog.tsx';
import { DecimalInput } from './decimal-input.tsx';

interface SetOverrideProps {
  readonly userId: string;
  readonly program: Program;
  readonly rows: readonly ProgramProgression[];
  readonly names: Names;
  readonly onClose: () => void;
}

const VALUES = { increment: 'Increment', minValue: 'Not below', maxValue: 'Not above' } as const;

export function SetOverride({ userId, program, rows, names, onClose }: SetOverrideProps) {
  const id = useId();
  const [rowId, setRowId] = useState('');
  const [liftId, setLiftId] = useState('');
  const [off, setOff] = useState(false);
  const [values, setValues] = useState({ increment: '', minValue: '', maxValue: '' });
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const row = rows.find((each) => each.id === rowId);
  const given = off ? { increment: '', minValue: '', maxValue: '' } : values;
  const wording = Object.entries(VALUES).flatMap(([name, label]) => {
    const value = given[name as keyof typeof VALUES];
    return value === '' ? [] : [`${label.toLowerCase()} ${value}`];
  });
  return (
    <ActionDialog
      title="Override a rule for this athlete"
      input={JSON.stringify([rowId, liftId, off, values, until, reason])}
      onClose={onClose}
      preview={async () => (
        <p>
          <strong>{names.rule(row?.progressionId ?? '')}</strong>,{' '}
          {liftId ? names.lift(liftId) : 'every lift of the row'}:{' '}
          {off ? 'does not apply' : wording.join(', ')}
          {until && `, until ${until}`}. It counts from the next event on.
        </p>
      )}
      confirm={(requestId) =>
        programs.setEnrollmentOverride(
          {
            ...{ userId, programProgressionId: rowId, liftId, off, reason, ...given },
            ...(until && { expiresAt: timestampFromDate(new Date(`${until}T00:00:00Z`)) }),
          },
          under(requestId),
        )
      }
    >
      <div>
        <label htmlFor={`${id}-row`}>Row of the program</label>
        <select id={`${id}-row`} required value={rowId} onChange={({ target }) => setRowId(target.value)}>
          <option value="">Choose one</option>
          {rows.map((each) => (
            <option key={each.id} value={each.id}>
              {names.rule(each.progressionId)}, {each.liftId ? names.lift(each.liftId) : 'every other lift'}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label htmlFor={`${id}-lift`}>Lift</label>
        <select id={`${id}-lift`} value={liftId} onChange={({ target }) => setLiftId(target.value)}>
          <option value="">Every lift of the row</option>
          {program.lifts
            .filter((lift) => !row?.liftId || row.liftId === lift.id)
            .map((lift) => (
              <option key={lift.id} value={lift.id}>
                {lift.name}
              </option>
            ))}
        </select>
      </div>
      <div className="check">
        <input
          id={`${id}-off`}
          type="checkbox"
          checked={off}
          onChange={({ target }) => setOff(target.checked)}
        />
        <label htmlFor={`${id}-off`}>Does not apply</label>
      </div>
      {!off &&
        Object.entries(VALUES).map(([name, label]) => (
          <DecimalInput
            key={name}
            label={`${label}; empty: as in the program`}
            value={values[name as keyof typeof VALUES]}
            onChange={(value) => setValues({ ...values, [name]: value })}
          />
        ))}
      <label>
        Until this day, in UTC; empty: no end
        <input type="date" value={until} onChange={({ target }) => setUntil(target.value)} />
      </label>
      <ReasonInput value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
