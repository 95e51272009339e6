/** One program: its days, its rules in the order in which they apply, and who follows it. */
import { useInfiniteQuery, useQuery } from '@connectrpc/connect-query';
import { Link } from 'wouter';
import {
  EnrollmentStatus,
  type ProgramDay,
  type ProgramProgression,
  ProgramService,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import { AthleteLink } from '../parts/athlete-link.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Answer, Nothing } from '../parts/states.tsx';
import { dayName, formatDay, nameOf, plural } from '../words/formats.ts';
import { type Names, useNames } from '../words/names.ts';
import { describeRule } from './rule-words.ts';

export default function ProgramPage({ programId }: { programId: string }) {
  const answer = useQuery(ProgramService.method.getProgram, { programId });
  const rows = useQuery(ProgramService.method.listProgramProgressions, { programId, pageSize: 500 });
  const names = useNames();
  return (
    <Answer query={answer}>
      {({ program }) =>
        program && (
          <>
            <p className="crumbs">
              <Link href="/programs">Programs</Link>
            </p>
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
            </header>
            <div className="columns">
              <section className="panel">
                <h2>Rules, in the order in which they apply</h2>
                <Answer query={rows}>
                  {({ programProgressions }) => <Rules rows={programProgressions} names={names} />}
                </Answer>
              </section>
              <div className="side">
                <Days days={program.days} names={names} />
                <Followers programId={programId} />
              </div>
            </div>
          </>
        )
      }
    </Answer>
  );
}

/** Rows that differ in their lift only stand together. */
function Rules({ rows, names }: { rows: readonly ProgramProgression[]; names: Names }) {
  const alike = Map.groupBy(rows, (row) =>
    [row.priority, row.progressionId, row.enabled, row.overrideIncrement].join(),
  );
  return (
    <ol className="timeline">
      {[...alike.values()].map((group) => {
        const [row] = group;
        const rule = row && names.rules.get(row.progressionId);
        const lifts = group.map(({ liftId }) => (liftId ? names.lift(liftId) : 'every other lift'));
        return (
          row && (
            <li key={row.id} className="entry">
              <p className="entry-head">
                <span className="quiet">{row.priority}</span> <strong>{names.rule(row.progressionId)}</strong>{' '}
                <span className="quiet">{lifts.join(', ')}</span>
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
  );
}

function Days({ days, names }: { days: readonly ProgramDay[]; names: Names }) {
  return (
    <section className="panel">
      <h2>Days</h2>
      <ul className="plain">
        {days.map(({ slug, liftIds }) => (
          <li key={slug}>
            <strong>{dayName(slug)}</strong>
            <br />
            <span className="quiet">{liftIds.map((id) => names.lift(id)).join(', ')}</span>
          </li>
        ))}
      </ul>
    </section>
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
