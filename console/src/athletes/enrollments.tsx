/** The programs that an athlete follows and followed. */
import { useState } from 'react';
import {
  type Enrollment,
  EnrollmentStatus,
  EnrollmentStatusSchema,
  ProgramService,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import type { TrainingLogReport } from '../../../src/gen/progression/v1/training_log_pb.ts';
import { EndEnrollment, Enroll } from '../actions/change-enrollment.tsx';
import { ImportLog } from '../actions/import-log.tsx';
import { ImportReport } from '../actions/import-report.tsx';
import { useMay } from '../calls/permissions.ts';
import { Nothing } from '../parts/states.tsx';
import { enumWords, formatDay } from '../words/formats.ts';
import type { Names } from '../words/names.ts';

interface EnrollmentsProps {
  readonly userId: string;
  readonly enrollments: readonly Enrollment[];
  readonly names: Names;
}

export function Enrollments({ userId, enrollments, names }: EnrollmentsProps) {
  const mayChange = useMay(ProgramService.method.enrollUser);
  const mayImport = useMay(ProgressionService.method.importTrainingLog);
  const [open, setOpen] = useState<'enrollment' | 'import'>();
  const [imported, setImported] = useState<TrainingLogReport>();
  const active = enrollments.find(({ status }) => status === EnrollmentStatus.ACTIVE);
  const program = active && names.programs.get(active.programId);
  const onClose = () => setOpen(undefined);
  return (
    <section className="panel">
      <h2>Programs followed</h2>
      {enrollments.length === 0 && <Nothing>None yet.</Nothing>}
      <ul className="plain">
        {enrollments.map(({ id, programId, status, startedAt, endedAt }) => (
          <li key={id}>
            {names.program(programId)}{' '}
            <span className="state">{enumWords(EnrollmentStatusSchema, status)}</span>
            <br />
            <span className="quiet">
              {formatDay(startedAt)}
              {endedAt && ` – ${formatDay(endedAt)}`}
            </span>
          </li>
        ))}
      </ul>
      <p className="send">
        {mayChange && (
          <button type="button" className="link" onClick={() => setOpen('enrollment')}>
            {active ? 'Pause or end …' : 'Enroll …'}
          </button>
        )}
        {mayImport && active && (
          <button type="button" className="link" onClick={() => setOpen('import')}>
            Import a training log …
          </button>
        )}
      </p>
      {imported && (
        <div role="status" className="preview">
          <p>The log is imported.</p>
          <ImportReport report={imported} />
        </div>
      )}
      {open === 'enrollment' && active && (
        <EndEnrollment {...{ userId, names, onClose }} enrollment={active} />
      )}
      {open === 'enrollment' && !active && <Enroll {...{ userId, names, onClose }} />}
      {open === 'import' && (
        <ImportLog {...{ userId, onClose }} lifts={program?.lifts ?? []} onImported={setImported} />
      )}
    </section>
  );
}
