/** One athlete: maxes, what happened, and what rules and workflows remember. */
import { useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { EnrollmentStatus, ProgramService } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { Answer } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { formatDay, type ShownUnit } from '../words/formats.ts';
import { useNames } from '../words/names.ts';
import { Counters } from './counters.tsx';
import { Enrollments } from './enrollments.tsx';
import { MaxPanel, maxesOf } from './max-panel.tsx';
import { NextSession } from './next-session.tsx';
import { Overrides } from './overrides.tsx';
import { Runs } from './runs.tsx';
import { Timeline } from './timeline.tsx';

export default function AthletePage({ userId }: { userId: string }) {
  const user = useQuery(UserService.method.getUser, { userId });
  // Asked for here already, so that the chart does not wait for the athlete's name.
  useQuery(ProgressionService.method.listLiftMaxes, maxesOf(userId));
  const enrollments = useQuery(ProgramService.method.listEnrollments, { userId, pageSize: 50 });
  const names = useNames();
  const [shown, setShown] = useState<ShownUnit>('as stored');
  const active = enrollments.data?.enrollments.find(({ status }) => status === EnrollmentStatus.ACTIVE);
  const program = active && names.programs.get(active.programId);
  return (
    <>
      <p className="crumbs">
        <Link href="/athletes">Athletes</Link>
      </p>
      <Answer query={user} page="Athlete">
        {({ user: athlete }) => (
          <>
            <Title>{athlete?.name ?? 'Athlete'}</Title>
            <header className="heading">
              <div>
                <h1>{athlete?.name}</h1>
                <p className="quiet">
                  {active ? (
                    <>
                      {names.program(active.programId)} since {formatDay(active.startedAt)}
                    </>
                  ) : (
                    'Follows no program'
                  )}
                  {athlete?.tags.map((tag) => (
                    <span key={tag} className="tag">
                      {tag}
                    </span>
                  ))}
                </p>
              </div>
              <div className="send">
                <Link href={`/events?athlete=${userId}`}>Events</Link>
                <UnitChoice shown={shown} onChange={setShown} />
              </div>
            </header>
            <MaxPanel {...{ userId, names, program, shown }} />
            <div className="columns">
              <Timeline {...{ userId, names, program, shown }} />
              <div className="side">
                {active && <NextSession {...{ userId, names, shown }} />}
                <Counters {...{ userId, names }} />
                <Enrollments {...{ userId, names }} enrollments={enrollments.data?.enrollments ?? []} />
                {program && <Overrides {...{ userId, program, names }} />}
                <Runs userId={userId} />
              </div>
            </div>
          </>
        )}
      </Answer>
    </>
  );
}

const UNITS: readonly ShownUnit[] = ['as stored', 'kg', 'lb'];

function UnitChoice({ shown, onChange }: { shown: ShownUnit; onChange: (unit: ShownUnit) => void }) {
  return (
    <fieldset className="segments">
      <legend className="unseen">Unit of weights</legend>
      {UNITS.map((unit) => (
        <label key={unit}>
          <input type="radio" name="unit" checked={unit === shown} onChange={() => onChange(unit)} />
          <span>{unit}</span>
        </label>
      ))}
    </fieldset>
  );
}
