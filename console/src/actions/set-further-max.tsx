/** Sets a max of any lift, such as the first one of an athlete. */
import { useId, useState } from 'react';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { progressions } from '../calls/clients.ts';
import { formatWeight, nameOf } from '../words/formats.ts';
import { MAX_TYPE_NAMES, type Names } from '../words/names.ts';
import { ActionDialog, ReasonInput, under } from './action-dialog.tsx';
import { DecimalInput } from './decimal-input.tsx';

const UNITS: readonly WeightUnit[] = [WeightUnit.KILOGRAM, WeightUnit.POUND];
const MAX_TYPES: readonly MaxType[] = [MaxType.TRAINING_MAX, MaxType.ONE_RM, MaxType.ESTIMATED_ONE_RM];

interface SetFurtherMaxProps {
  readonly userId: string;
  readonly names: Names;
  /** Of the athlete's program; UNSPECIFIED: there is none. */
  readonly unit: WeightUnit;
  readonly onClose: () => void;
}

export function SetFurtherMax({ userId, names, unit: programUnit, onClose }: SetFurtherMaxProps) {
  const id = useId();
  const [liftId, setLiftId] = useState('');
  const [maxType, setMaxType] = useState<MaxType>(MaxType.TRAINING_MAX);
  const [unit, setUnit] = useState<WeightUnit>(programUnit || WeightUnit.KILOGRAM);
  const [value, setValue] = useState('');
  const [reason, setReason] = useState('');
  const lifts = [...names.lifts.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <ActionDialog
      title="Set the max of a lift"
      input={JSON.stringify([liftId, maxType, unit, value, reason])}
      onClose={onClose}
      // The method has no preview of its own: it appends a version and nothing else.
      preview={async () => {
        const { liftMaxes } = await progressions.listLiftMaxes({ userId, pageSize: 500 });
        const before = liftMaxes.find((max) => max.liftId === liftId && max.maxType === maxType);
        return (
          <p>
            The {MAX_TYPE_NAMES[maxType]} of <strong>{names.lift(liftId)}</strong>:{' '}
            {before ? `from ${formatWeight(before.value, before.unit, 'as stored')} to ` : 'its first, '}
            <strong>{formatWeight(value, unit, 'as stored')}</strong>.
          </p>
        );
      }}
      confirm={(requestId) =>
        progressions.setLiftMax({ userId, liftId, maxType, unit, value, reason }, under(requestId))
      }
    >
      <div>
        <label htmlFor={`${id}-lift`}>Lift</label>
        <select id={`${id}-lift`} required value={liftId} onChange={({ target }) => setLiftId(target.value)}>
          <option value="">Choose one</option>
          {lifts.map((lift) => (
            <option key={lift.id} value={lift.id}>
              {lift.name}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label htmlFor={`${id}-type`}>Kind of max</label>
        <select
          id={`${id}-type`}
          value={maxType}
          onChange={({ target }) => setMaxType(MAX_TYPES[target.selectedIndex] ?? maxType)}
        >
          {MAX_TYPES.map((each) => (
            <option key={each} value={each}>
              {MAX_TYPE_NAMES[each]}
            </option>
          ))}
        </select>
      </div>
      <DecimalInput label="Value" required value={value} onChange={setValue} />
      <div>
        <label htmlFor={`${id}-unit`}>Unit</label>
        <select
          id={`${id}-unit`}
          value={unit}
          onChange={({ target }) => setUnit(UNITS[target.selectedIndex] ?? unit)}
        >
          {UNITS.map((each) => (
            <option key={each} value={each}>
              {nameOf(each)}
            </option>
          ))}
        </select>
      </div>
      <ReasonInput value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
