/** Puts an athlete into a program, or ends or pauses the enrollment that is active. */
import { useId, useState } from 'react';
import { type Enrollment, EnrollmentStatus } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { programs } from '../calls/clients.ts';
import type { Names } from '../words/names.ts';
import { ActionDialog, under } from './action-dialog.tsx';

interface DialogProps {
  readonly userId: string;
  readonly names: Names;
  readonly onClose: () => void;
}

export function Enroll({ userId, names, onClose }: DialogProps) {
  const [programId, setProgramId] = useState('');
  const id = useId();
  const all = [...names.programs.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <ActionDialog
      title="Enroll in a program"
      input={programId}
      onClose={onClose}
      preview={async () => (
        <p>
          The athlete follows <strong>{names.program(programId)}</strong>. Misses in a row and stages of its
          rules begin anew, unless a paused enrollment is resumed.
        </p>
      )}
      confirm={(requestId) => programs.enrollUser({ userId, programId }, under(requestId))}
    >
      <div>
        <label htmlFor={id}>Program</label>
        <select id={id} required value={programId} onChange={(event) => setProgramId(event.target.value)}>
          <option value="">Choose one</option>
          {all.map((program) => (
            <option key={program.id} value={program.id}>
              {program.name}
            </option>
          ))}
        </select>
      </div>
    </ActionDialog>
  );
}

const ENDS: Readonly<Record<string, { readonly status: EnrollmentStatus; readonly words: string }>> = {
  pause: { status: EnrollmentStatus.PAUSED, words: 'is paused, and can be resumed under the same id' },
  quit: { status: EnrollmentStatus.QUIT, words: 'ends before its time' },
  complete: { status: EnrollmentStatus.COMPLETED, words: 'ends as completed' },
};

export function EndEnrollment({
  userId,
  names,
  enrollment,
  onClose,
}: DialogProps & { enrollment: Enrollment }) {
  const [end, setEnd] = useState('pause');
  const id = useId();
  const { status = EnrollmentStatus.PAUSED, words = '' } = ENDS[end] ?? {};
  return (
    <ActionDialog
      title={`Pause or end ${names.program(enrollment.programId)}`}
      input={end}
      onClose={onClose}
      preview={async () => (
        <p>The enrollment {words}. Sessions of the athlete are refused until the next enrollment.</p>
      )}
      confirm={(requestId) => programs.unenrollUser({ userId, status }, under(requestId))}
    >
      <div>
        <label htmlFor={id}>What happens to the enrollment</label>
        <select id={id} value={end} onChange={(event) => setEnd(event.target.value)}>
          <option value="pause">Pause</option>
          <option value="quit">Quit</option>
          <option value="complete">Complete</option>
        </select>
      </div>
    </ActionDialog>
  );
}
