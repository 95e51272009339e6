/** Changes how a rule stands in a program: when it applies, whether, and by how much. */
import { useId, useState } from 'react';
import type { ProgramProgression } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ActionDialog, under } from '../actions/action-dialog.tsx';
import { DecimalInput } from '../actions/decimal-input.tsx';
import { programs } from '../calls/clients.ts';
import type { Names } from '../words/names.ts';

interface EditRuleRowProps {
  readonly row: ProgramProgression;
  readonly names: Names;
  readonly onClose: () => void;
}

export function EditRuleRow({ row, names, onClose }: EditRuleRowProps) {
  const id = useId();
  const [priority, setPriority] = useState(`${row.priority}`);
  const [enabled, setEnabled] = useState(row.enabled);
  const [overrideIncrement, setOverrideIncrement] = useState(row.overrideIncrement);
  return (
    <ActionDialog
      title={`${names.rule(row.progressionId)}, ${row.liftId ? names.lift(row.liftId) : 'every other lift'}`}
      input={`${priority} ${enabled} ${overrideIncrement}`}
      onClose={onClose}
      preview={async () => (
        <p>
          {enabled ? 'It applies' : 'It does not apply'} from the next event on, in place {priority}
          {overrideIncrement && `, with an increment of ${overrideIncrement}`}. What was applied stays.
        </p>
      )}
      confirm={(requestId) =>
        programs.updateProgramProgression(
          { programProgressionId: row.id, priority: Number(priority), enabled, overrideIncrement },
          under(requestId),
        )
      }
    >
      <label>
        Priority; lower applies first
        <input type="number" required value={priority} onChange={({ target }) => setPriority(target.value)} />
      </label>
      <DecimalInput
        label="Increment here; empty: the rule's"
        value={overrideIncrement}
        onChange={setOverrideIncrement}
      />
      <div className="check">
        <input
          id={id}
          type="checkbox"
          checked={enabled}
          onChange={({ target }) => setEnabled(target.checked)}
        />
        <label htmlFor={id}>Applies</label>
      </div>
    </ActionDialog>
  );
}
