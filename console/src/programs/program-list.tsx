/** The programs of the account. */
import { useInfiniteQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { ProgramService, WeightUnitSchema } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { useMay } from '../calls/permissions.ts';
import { MoreButton } from '../parts/more-button.tsx';
import { Answer, Nothing } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { enumWords, plural } from '../words/formats.ts';
import { CopyProgram } from './copy-program.tsx';

export default function ProgramList() {
  const mayCopy = useMay(ProgramService.method.copyProgram);
  const [isCopying, setIsCopying] = useState(false);
  const programs = useInfiniteQuery(
    ProgramService.method.listPrograms,
    { pageSize: 100, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  return (
    <>
      <Title>Programs</Title>
      <header className="heading">
        <h1>Programs</h1>
        {mayCopy && (
          <button type="button" onClick={() => setIsCopying(true)}>
            Copy from the catalogue …
          </button>
        )}
      </header>
      {isCopying && <CopyProgram onClose={() => setIsCopying(false)} />}
      <Answer query={programs}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.programs);
          return all.length === 0 ? (
            <Nothing>No program yet.</Nothing>
          ) : (
            <>
              <p className="quiet">{plural(pages[0]?.totalSize ?? 0, 'program')}</p>
              <table className="rows">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Unit</th>
                    <th scope="col" className="wide-only">
                      Lifts
                    </th>
                    <th scope="col" className="wide-only">
                      Sessions a week
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {all.map(({ id, name, unit, lifts, sessionsPerWeek }) => (
                    <tr key={id}>
                      <th scope="row">
                        <Link href={`/programs/${id}`} className="whole-row">
                          {name}
                        </Link>
                      </th>
                      <td>{enumWords(WeightUnitSchema, unit)}</td>
                      <td className="wide-only quiet">{lifts.map((lift) => lift.name).join(', ')}</td>
                      <td className="wide-only">{sessionsPerWeek}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <MoreButton query={programs} />
            </>
          );
        }}
      </Answer>
    </>
  );
}
