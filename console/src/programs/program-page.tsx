/** One program: its days, its rules in the order in which they apply, and who follows it. */
import { useInfiniteQuery, useQuery } from '@connectrpc/connect-query';
import { Fragment, useState } from 'react';
import { Link } from 'wouter';
import {
  EnrollmentStatus,
  type ProgramProgression,
  ProgramService,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { useMay } from '../calls/permissions.ts';
import { AthleteLink } from '../parts/athlete-link.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Answer, Nothing } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { formatDay, nameOf, plural } from '../words/formats.ts';
import { type Names, useNames } from '../words/names.ts';
import { EditDays } from './edit-days.tsx';
import { EditProgram } from './edit-program.tsx';
import { EditRuleRow } from './edit-rule-row.tsx';
import { ProgramDays } from './program-days.tsx';
import { describeRule } from './rule-words.ts';

export default function ProgramPage({ programId }: { programId: string }) {
  const answer = useQuery(ProgramService.method.getProgram, { programId });
  const rows = useQuery(ProgramService.method.listProgramProgressions, { programId, pageSize: 500 });
  const names = useNames();
  const mayChange = useMay(ProgramService.method.updateProgram);
  const [edited, setEdited] = useState<'texts' | 'days'>();
  const onClose = () => setEdited(undefined);
  return (
    <>
      <p className="crumbs">
        <Link href="/programs">Programs</Link>
      </p>
      <Answer query={answer} page="Program">
        {({ program }) =>
          program && (
            <>
              <Title>{program.name}</Title>
              <header className="heading">
                <div>
                  <h1>{program.name}</h1>
                  <p className="documentation quiet">{program.description}</p>
                  <p className="quiet">
                    {plural(program.weeksPerCycle, 'week')} a cycle,{' '}
                    {plural(program.sessionsPerWeek, 'session')} a week, {nameOf(program.unit)}
                    {program.source && ` · ${program.source}`}
                  </p>
                </div>
                {mayChange && (
                  <p className="send">
                    <button type="button" onClick={() => setEdited('texts')}>
                      Change …
                    </button>
                    <button type="button" onClick={() => setEdited('days')}>
                      Edit the days
                    </button>
                  </p>
                )}
              </header>
              {edited === 'texts' && <EditProgram program={program} onClose={onClose} />}
              <div className="columns">
                <div className="stack">
                  {edited === 'days' ? (
                    <EditDays {...{ program, names, onClose }} />
                  ) : (
                    <ProgramDays {...{ program, names }} />
                  )}
                  <section className="panel">
                    <h2>Rules, in the order in which they apply</h2>
                    <Answer query={rows}>
                      {({ programProgressions }) => <Rules rows={programProgressions} names={names} />}
                    </Answer>
                  </section>
                </div>
                <div className="side">
                  <Followers programId={programId} />
                </div>
              </div>
            </>
          )
        }
      </Answer>
    </>
  );
}

/** Rows that differ in their lift only stand together. */
function Rules({ rows, names }: { rows: readonly ProgramProgression[]; names: Names }) {
  const mayChange = useMay(ProgramService.method.updateProgramProgression);
  const [edited, setEdited] = useState<ProgramProgression>();
  const liftOf = ({ liftId }: ProgramProgression) => (liftId ? names.lift(liftId) : 'every other lift');
  const alike = Map.groupBy(rows, (row) =>
    [row.priority, row.progressionId, row.enabled, row.overrideIncrement].join(),
  );
  return (
    <>
      <ol className="timeline">
        {[...alike.values()].map((group) => {
          const [row] = group;
          const rule = row && names.rules.get(row.progressionId);
          return (
            row && (
              <li key={row.id} className="entry">
                <p className="entry-head">
                  <span className="quiet">{row.priority}</span>{' '}
                  <strong>{names.rule(row.progressionId)}</strong>{' '}
                  <span className="quiet">
                    {group.map((each, index) => (
                      <Fragment key={each.id}>
                        {index > 0 && ', '}
                        {mayChange ? (
                          <button type="button" className="link" onClick={() => setEdited(each)}>
                            {liftOf(each)}
                          </button>
                        ) : (
                          liftOf(each)
                        )}
                      </Fragment>
                    ))}
                  </span>
                  {!row.enabled && <span className="state">Off</span>}
                </p>
                {rule && <p>{describeRule(rule)}</p>}
                {row.overrideIncrement && (
                  <p className="quiet">Here with an increment of {row.overrideIncrement}</p>
                )}
              </li>
            )
          );
        })}
      </ol>
      {edited && <EditRuleRow {...{ names }} row={edited} onClose={() => setEdited(undefined)} />}
    </>
  );
}

function Followers({ programId }: { programId: string }) {
  const enrollments = useInfiniteQuery(
    ProgramService.method.listEnrollments,
    { programId, status: EnrollmentStatus.ACTIVE, pageSize: 20, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  return (
    <section className="panel">
      <h2>Athletes on it</h2>
      <Answer query={enrollments}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.enrollments);
          return all.length === 0 ? (
            <Nothing>No athlete follows it.</Nothing>
          ) : (
            <>
              <ul className="plain">
                {all.map(({ id, userId, startedAt }) => (
                  <li key={id} className="between">
                    <AthleteLink userId={userId} />
                    <span className="quiet">{formatDay(startedAt)}</span>
                  </li>
                ))}
              </ul>
              <MoreButton query={enrollments} />
            </>
          );
        }}
      </Answer>
    </section>
  );
}
