/** The programs that an athlete follows and followed. */
import { useState } from 'react';
import {
  type Enrollment,
  EnrollmentStatus,
  EnrollmentStatusSchema,
  ProgramService,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { EndEnrollment, Enroll } from '../actions/change-enrollment.tsx';
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
  const [isChanging, setIsChanging] = useState(false);
  const active = enrollments.find(({ status }) => status === EnrollmentStatus.ACTIVE);
  const onClose = () => setIsChanging(false);
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
      {mayChange && (
        <button type="button" className="link" onClick={() => setIsChanging(true)}>
          {active ? 'Pause or end …' : 'Enroll …'}
        </button>
      )}
      {isChanging && active && <EndEnrollment {...{ userId, names, onClose }} enrollment={active} />}
      {isChanging && !active && <Enroll {...{ userId, names, onClose }} />}
    </section>
  );
}
