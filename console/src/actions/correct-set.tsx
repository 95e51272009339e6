/** Corrects one set; its session is decided again. */
import { useState } from 'react';
import type { LoggedSet } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { progressions } from '../calls/clients.ts';
import { nameOf } from '../words/formats.ts';
import type { WordsContext } from '../words/outcome-words.ts';
import { ActionDialog, ReasonInput, under } from './action-dialog.tsx';
import { ChangesView } from './changes-view.tsx';
import { DecimalInput } from './decimal-input.tsx';

interface CorrectSetProps {
  readonly userId: string;
  readonly set: LoggedSet;
  readonly context: WordsContext;
  readonly onClose: () => void;
}

export function CorrectSet({ userId, set, context, onClose }: CorrectSetProps) {
  const [reps, setReps] = useState(`${set.repsPerformed}`);
  const [weight, setWeight] = useState(set.weight);
  const [reason, setReason] = useState('');
  const { liftId, setNumber, kind, targetReps, rpe, targetWeight } = set;
  const corrected = {
    liftId,
    setNumber,
    kind,
    weight,
    targetReps,
    repsPerformed: Number(reps),
    rpe,
    targetWeight,
  };
  const request = {
    ...{ userId, sessionId: set.sessionId, reason },
    corrections: [{ change: { case: 'set' as const, value: corrected } }],
  };
  const unit = nameOf(context.stored);
  return (
    <ActionDialog
      title={`Correct set ${setNumber} of ${context.names.lift(liftId)}`}
      input={`${reps} ${weight} ${reason}`}
      onClose={onClose}
      preview={async () => {
        const { compensations, outcome } = await progressions.correctSets({ ...request, validateOnly: true });
        const others = context.sets.filter((other) => other.id !== set.id);
        const sets = [...others, { ...set, repsPerformed: Number(reps), failed: Number(reps) < targetReps }];
        return (
          <ChangesView
            compensations={compensations}
            results={outcome?.results ?? []}
            context={{ ...context, sets }}
          />
        );
      }}
      confirm={(requestId) => progressions.correctSets(request, under(requestId))}
    >
      <label>
        Repetitions, of {targetReps}
        <input
          type="number"
          min={0}
          max={1000}
          required
          value={reps}
          onChange={(event) => setReps(event.target.value)}
        />
      </label>
      <DecimalInput label={`Weight${unit && ` in ${unit}`}`} required value={weight} onChange={setWeight} />
      <ReasonInput value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
