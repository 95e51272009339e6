/** Sets a lift max by hand. */
import { useState } from 'react';
import type { LiftMax } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { progressions } from '../calls/clients.ts';
import { formatDelta, formatWeight, nameOf } from '../words/formats.ts';
import type { Names } from '../words/names.ts';
import { ActionDialog, ReasonInput, under } from './action-dialog.tsx';
import { DecimalInput } from './decimal-input.tsx';

export function SetMax({ max, names, onClose }: { max: LiftMax; names: Names; onClose: () => void }) {
  const { userId, liftId, maxType, unit } = max;
  const [value, setValue] = useState(max.value);
  const [reason, setReason] = useState('');
  return (
    <ActionDialog
      title={`Set the max of ${names.lift(liftId)}`}
      input={`${value} ${reason}`}
      onClose={onClose}
      // The method has no preview of its own: it appends this version and nothing else.
      preview={async () => (
        <p>
          From {formatWeight(max.value, unit, 'as stored')} to{' '}
          <strong>{formatWeight(value, unit, 'as stored')}</strong>,{' '}
          {formatDelta(Number(value) - Number(max.value))}. Misses in a row of this lift are counted from
          zero.
        </p>
      )}
      confirm={(requestId) =>
        progressions.setLiftMax({ userId, liftId, maxType, value, reason, unit }, under(requestId))
      }
    >
      <DecimalInput
        label={`New value${nameOf(unit) && ` in ${nameOf(unit)}`}`}
        required
        value={value}
        onChange={setValue}
      />
      <ReasonInput value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
